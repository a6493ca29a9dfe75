"""Choosing sentences: selected lengths, held-out sentences used nowhere else."""

from random import Random

from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from distillation.pipeline import corpus_folder
from distillation.recipe_builder import selected
from distillation.sentence_selection import (
    HELD_OUT,
    LENGTH_GAP,
    REFERENCES,
    TARGET_SECONDS,
    SentenceOption,
    gradient_texts,
    select_sentences,
)

CORPUS = corpus_folder.read_corpus(settings.BASE_DIR / "fixtures" / "corpus")
SENTENCES = [f"{'palabra ' * (n % 9 + 1)}{n}" for n in range(60)]


def lines(some: list[str], *, take: str = "") -> list[SentenceOption]:
    return [SentenceOption(text, 5.0, 0.5, bool(take)) for text in some]


def test_three_lengths_are_searched_and_four_others_held_out() -> None:
    chosen = selected(corpus_folder.style_sources(CORPUS, list(CORPUS.speeds)), CORPUS.texts)
    assert len(chosen.search) == 3
    assert len(chosen.held_out) == HELD_OUT
    lengths_searched = {len(text) for text in chosen.search}
    held_out = [len(text) for text in chosen.held_out]
    assert held_out == sorted(held_out)
    lengths = [len(text) for text in CORPUS.texts]
    assert lengths_searched >= {min(lengths), max(lengths)}
    assert min(lengths_searched) < held_out[0] < held_out[-1] < max(lengths_searched)
    assert min(abs(a - b) for a in held_out for b in lengths_searched) >= LENGTH_GAP
    for references in chosen.references.values():
        assert len(references) >= REFERENCES
        assert not {line.text for line in references} & {*chosen.held_out}


def test_the_search_does_not_depend_on_the_styles_or_the_teacher() -> None:
    one = selected(corpus_folder.style_sources(CORPUS, ["neutral"]), CORPUS.texts)
    all_ = selected(
        corpus_folder.style_sources(CORPUS, list(CORPUS.speeds)), reversed(CORPUS.texts)
    )
    assert one.search == all_.search


@given(
    sizes=st.lists(st.integers(0, 20), min_size=1, max_size=4),
    corpus=st.integers(0, 60),
    takes=st.booleans(),
    seed=st.randoms(use_true_random=False),
)
def test_held_out_sentences_are_used_nowhere_else(
    sizes: list[int], corpus: int, takes: bool, seed: Random
) -> None:
    known = SENTENCES[:corpus]
    of_styles = {
        f"style-{n}": lines(seed.sample(known, min(size, corpus)), take="t" if takes else "")
        for n, size in enumerate(sizes)
    }
    said = {key: {line.text for line in some} for key, some in of_styles.items()}
    used = seed.sample(known, min(3, corpus))
    chosen = select_sentences(of_styles, known, said=said if takes else None, used=used)
    spoken = {line.text for some in chosen.references.values() for line in some}
    assert not set(chosen.held_out) & (spoken | set(chosen.search) | set(used))
    assert len(set(chosen.held_out)) == len(chosen.held_out)
    assert all(set(some) <= set(of_styles[key]) for key, some in chosen.references.items())
    for key, some in chosen.references.items():
        assert len(some) >= min(REFERENCES, len(of_styles[key]))


def test_takes_of_every_style_are_held_out_so_that_styles_can_be_compared() -> None:
    shared = SENTENCES[40:44]
    of_styles = {
        "a": lines(SENTENCES[:9] + shared, take="a"),
        "b": lines(SENTENCES[10:19] + shared, take="b"),
    }
    said = {key: {line.text for line in some} for key, some in of_styles.items()}
    assert set(select_sentences(of_styles, SENTENCES, said=said).held_out) == set(shared)


def test_without_common_takes_each_style_holds_out_its_own() -> None:
    of_styles = {key: lines(SENTENCES[at : at + 9], take=key) for key, at in (("a", 0), ("b", 9))}
    said = {key: {line.text for line in some} for key, some in of_styles.items()}
    held_out = set(select_sentences(of_styles, SENTENCES, said=said).held_out)
    assert held_out & said["a"]
    assert held_out & said["b"]


def test_the_best_five_takes_of_a_targets_length_are_selected() -> None:
    short = [SentenceOption(text, 2.0, 0.9, is_recorded=True) for text in SENTENCES[:8]]
    long = [SentenceOption(text, 5.0, 0.4, is_recorded=True) for text in SENTENCES[8:16]]
    references = select_sentences({"a": short + long}, SENTENCES).references["a"]
    assert len(references) == REFERENCES
    low, high = TARGET_SECONDS
    assert low <= sum(line.seconds for line in references) <= high
    assert sum(line in short for line in references) >= 1


def test_short_sentences_are_supplemented_and_an_estimated_length_gets_spares() -> None:
    tiny = [SentenceOption(text, 1.0, 0.5, is_recorded=True) for text in SENTENCES[:30]]
    assert len(select_sentences({"a": tiny}, SENTENCES).references["a"]) == TARGET_SECONDS[0]
    assert (
        len(select_sentences({"a": lines(SENTENCES[:30])}, SENTENCES).references["a"])
        == 2 * REFERENCES
    )


def test_a_gradient_uses_many_short_sentences_and_no_held_out_one() -> None:
    held_out = tuple(text for text in SENTENCES if len(text) < 60)[:4]
    found = gradient_texts(SENTENCES, held_out)
    assert len(found) == len(set(found)) > 10
    assert not set(found) & set(held_out)
    assert found == gradient_texts(reversed(SENTENCES), held_out)
    assert set(gradient_texts(["x" * 90, "y" * 80], ())) == {"y" * 80, "x" * 90}
    few = ["z" * 30, *("w" * (60 + n) for n in range(20))]
    assert len(gradient_texts(few, ())) == len(few)
