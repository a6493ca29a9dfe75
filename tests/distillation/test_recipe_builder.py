"""One builder, two entrances: rows of the web and a folder give the same recipe."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command

from corpus.models import Sentence, StyleLabel
from corpus.suggest import suggest
from distillation.recipe import RecipeError, RunRecipe
from distillation.recipe_builder import RecipeRequest, StyleSource, build_recipe
from distillation.sentence_selection import SentenceOption
from distillation.services.recipes import recipe_build
from tests.distillation.factories import spoken
from tests.distillation.pipeline.runs import plan_of
from tests.factories import (
    LabelFactory,
    PersonFactory,
    ProsodyScoreFactory,
    RecordingFactory,
    SpeakerFactory,
)

STYLES = ("neutral", "amable")
TAKES = 8


@pytest.fixture
def recorded(db: Any, media: Path) -> None:
    """The fixtures' corpus as rows, some sentences of two styles labelled and recorded."""
    call_command("load_corpus", verbosity=0)
    speaker, labeler = SpeakerFactory(), PersonFactory(roles=["labeler"])
    for style in StyleLabel.objects.filter(key__in=STYLES):
        texts = [one for one in Sentence.objects.all() if _suggested(one) == style.key]
        for number, sentence in enumerate(texts[:TAKES]):
            data = spoken(sentence.text, "pf_luz")
            digest = hashlib.sha256(data).hexdigest()
            path = Path(default_storage.path(f"recordings/{digest}.wav"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            LabelFactory(sentence=sentence, style=style, person=labeler)
            take = RecordingFactory(
                sentence=sentence, style=style, speaker=speaker, state="accepted",
                wav=f"recordings/{digest}.wav", sha256=digest,
                duration_s=(len(data) - 44) / 48_000,
            )  # fmt: skip
            ProsodyScoreFactory(recording=take, quality=0.5 + number / 20)


def _suggested(sentence: Sentence) -> str:
    return suggest(sentence.category.key, sentence.text).style


def test_rows_and_folder_give_the_same_fingerprint(
    recorded: None, tmp_path: Path, settings: Any
) -> None:
    settings.STUDENT = "praat"
    by_web = recipe_build(styles=STYLES, steps=10, seed=7)
    exported = tmp_path / "corpus.json"
    call_command("export_corpus", str(exported), "--audio")
    by_command = plan_of(
        tmp_path / "out", stage="all", reference_audio=exported, styles=STYLES,
        steps=10, seed=7, base_voices=(),
    ).recipe  # fmt: skip
    assert not set(by_web.inputs) & set(by_command.inputs)  # names in the media, and paths
    assert by_web.search_texts == by_command.search_texts
    assert by_web.held_out_texts == by_command.held_out_texts
    assert by_web.versions == by_command.versions
    assert by_web.fingerprint() == by_command.fingerprint()


def test_a_fingerprint_depends_on_the_contents_of_files_and_not_their_names() -> None:
    recipe = made()
    one, *others = recipe.styles
    moved = replace(one, takes={"Una.": "elsewhere/b.wav"})
    own = replace(recipe, styles=(replace(one, takes={"Una.": "a.wav"}), *others))
    same = replace(own, styles=(moved, *others), inputs={"elsewhere/b.wav": "1" * 64})
    own = replace(own, inputs={"a.wav": "1" * 64})
    assert own.fingerprint() == same.fingerprint()
    assert replace(own, inputs={"a.wav": "2" * 64}).fingerprint() != own.fingerprint()
    assert own.fingerprint() != recipe.fingerprint()


def test_the_same_request_gives_the_same_recipe() -> None:
    assert made().to_json() == made().to_json()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"student": "festival"}, "student: 'festival' is not one of"),
        ({"teacher": "festival"}, "teacher: 'festival'"),
        ({"strategy": "annealing"}, "strategy: 'annealing'"),
        ({"strategy": "gradient"}, "the student kokoro only, not with praat"),
        ({"base_voices": ["pm_x", "pf_luz"]}, "praat has no pm_x"),
        ({"base_voices": ["pf_luz"]}, "base_voices: choose two or more"),
        ({"teacher": "http", "url": ""}, "tts_url: the teacher `http` needs the address"),
        ({"teacher": "f5"}, "prompt: the teacher f5 needs one"),
    ],
)
def test_inconsistent_parts_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        made(**changes)


def test_takes_too_short_for_a_target_are_refused() -> None:
    short = [SentenceOption(f"Frase número {n}.", 1.0, is_recorded=True) for n in range(6)]
    with pytest.raises(RecipeError, match=r"neutral: .* last 6 s; it needs 20 s"):
        made(options=short)


def made(
    *, options: list[SentenceOption] | None = None, **changes: Any
) -> RunRecipe:  # fmt: skip
    """Return a recipe of thirty sentences synthesized by a server."""
    texts = [
        f"La frase número {number} de la lista{' larga' * (number % 7)}." for number in range(30)
    ]
    request = RecipeRequest(
        **{"student": "praat", "teacher": "http", "url": "http://tts:8001", "steps": 5, **changes}
    )
    some = options or [SentenceOption(text, 3.0) for text in texts[:12]]
    styles = [StyleSource(key="neutral", speed=1.0, options=some)]
    return build_recipe(request, styles, texts, model_dir=Path("none"))
