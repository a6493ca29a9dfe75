"""Builds a recipe from the corpus: what is said, what the search hears, what it never hears."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import combinations

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from corpus.models import Recording, Sentence, StyleLabel
from corpus.querysets import RecordingQuerySet
from distillation.engines import STUDENTS, TEACHERS
from distillation.recipe import RecipeError, RunRecipe, StyleRecipe
from distillation.search import STRATEGIES

REFERENCES = 5
TARGET_SECONDS = (20.0, 28.0)  # spoken, before the joins; the target shall last 20-30 s
HELD_OUT = 4
CHOICE = 12  # combinations are tried over the best so many
SYLLABLES_A_SECOND = 5.0
SEARCH_LENGTHS = (0.5, 0.15, 0.85)  # of the corpus, shortest to longest; the middle one leads
LIBRARIES = ("voicelab", "numpy", "scipy", "librosa", "torch", "resemblyzer", "praat-parselmouth")


@dataclass(frozen=True)
class Line:
    """A sentence that a style can be spoken with, and its take if there is one."""

    text: str
    seconds: float
    quality: float = 0.0
    take: str = ""
    sha256: str = ""


def recipe_build(
    *,
    styles: Sequence[str],
    steps: int,
    seed: int = 0,
    student: str = "",
    teacher: str = "",
    strategy: str = RunRecipe.strategy,
    prompt: Recording | None = None,
    tts_url: str = "",
) -> RunRecipe:
    """Return a recipe of labelled sentences and usable takes, the same for the same corpus.

    Raises
    ------
    RecipeError
        A name that is not known, or a style without enough labelled sentences or takes; the
        message names what is missing.
    """
    student, teacher = student or settings.STUDENT, teacher or settings.TEACHER
    _check_name("student", student, STUDENTS)
    _check_name("teacher", teacher, TEACHERS)
    _check_name("strategy", strategy, STRATEGIES)
    labels = _styles(styles)
    plays_takes = teacher == "recordings"
    lines = {label.key: _lines(label, plays_takes) for label in labels}
    references = {label.key: _references(label, lines[label.key], plays_takes) for label in labels}
    used = {line.text for chosen in references.values() for line in chosen}
    held_out = _held_out(lines, used, _said_in_all(labels) if plays_takes else set())
    spoken = {key: _takes(key, references[key], held_out) for key in lines} if plays_takes else {}
    options, inputs = _conditions(teacher, prompt, tts_url)
    for takes in spoken.values():
        inputs |= {line.take: line.sha256 for line in takes}
    return RunRecipe(
        styles=tuple(
            StyleRecipe(
                key=label.key,
                speed=label.f5_speed,
                reference_texts=tuple(line.text for line in references[label.key]),
                takes={line.text: line.take for line in spoken.get(label.key, ())},
            )
            for label in labels
        ),
        search_texts=_search_texts(held_out),
        held_out_texts=held_out,
        student=student,
        teacher=teacher,
        strategy=strategy,
        steps=steps,
        seed=seed,
        teacher_options=options,
        student_options={"precision": settings.KOKORO_PRECISION} if student == "kokoro" else {},
        versions={name: metadata.version(name) for name in (*LIBRARIES, *_engine_library(student))},
        inputs=inputs,
    )


def _check_name(field: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise RecipeError(f"{field}: {name!r} is not one of {', '.join(sorted(known))}.")


def _engine_library(student: str) -> tuple[str, ...]:
    return ("kokoro",) if student == "kokoro" else ()


def _styles(keys: Sequence[str]) -> list[StyleLabel]:
    found = {label.key: label for label in StyleLabel.objects.filter(key__in=keys)}
    if missing := [key for key in keys if key not in found]:
        raise RecipeError(
            _("styles: %(missing)s is no style of the corpus.") % {"missing": ", ".join(missing)}
        )
    return [found[key] for key in dict.fromkeys(keys)]


def _lines(label: StyleLabel, plays_takes: bool) -> list[Line]:
    labelled = Sentence.objects.with_label().filter(Q(label_key=label.key))
    if plays_takes:
        takes = Recording.objects.usable().filter(style=label, sentence__in=labelled.values("pk"))
        return _best_of_each(takes)
    pace = SYLLABLES_A_SECOND * label.f5_speed
    return [Line(sentence.text, sentence.syllables / pace) for sentence in labelled]


def _best_of_each(takes: RecordingQuerySet) -> list[Line]:
    best: dict[str, Line] = {}
    for take in takes.best_first().select_related("sentence"):
        text = take.sentence.text
        best.setdefault(
            text, Line(text, take.duration_s, take.quality or 0.0, take.wav.name, take.sha256)
        )
    return list(best.values())


def _references(label: StyleLabel, lines: list[Line], plays_takes: bool) -> tuple[Line, ...]:
    """Choose the best five that last as long as a target shall; more where five are too short."""
    if len(lines) < REFERENCES:
        raise RecipeError(_missing(label, len(lines), plays_takes))
    low, high = TARGET_SECONDS

    def worth(chosen: tuple[Line, ...]) -> tuple[float, float]:
        seconds = sum(line.seconds for line in chosen)
        return -max(low - seconds, seconds - high, 0.0), sum(line.quality for line in chosen)

    chosen = max(combinations(_candidates(lines), REFERENCES), key=worth)
    spare = [line for line in lines if line not in chosen]
    while spare and sum(line.seconds for line in chosen) < low:
        chosen += (spare.pop(0),)
    return chosen


def _candidates(lines: list[Line]) -> list[Line]:
    """Return the best lines, and with them the longest: short ones alone make no target."""
    longest = sorted(lines, key=lambda line: -line.seconds)[:REFERENCES]
    best = [line for line in lines if line not in longest][: CHOICE - REFERENCES]
    return [line for line in lines if line in longest or line in best]


def _missing(label: StyleLabel, found: int, plays_takes: bool) -> str:
    counts = {"style": label.name, "wanted": REFERENCES, "found": found}
    if plays_takes:
        return (
            _(
                "%(style)s: %(wanted)d sentences labelled with this style need an accepted take "
                "by a speaker who consented; there are %(found)d. Record or accept more takes."
            )
            % counts
        )
    return (
        _("%(style)s: %(wanted)d labelled sentences are needed; there are %(found)d. Label more.")
        % counts
    )


def _held_out(lines: dict[str, list[Line]], used: set[str], shared: set[str]) -> tuple[str, ...]:
    """Choose sentences of rising length: of takes in every style, else each style's in turn."""
    corpus = _corpus_texts()
    everywhere = [text for text in corpus if text in shared - used]
    if len(everywhere) >= HELD_OUT:
        return tuple(_at(everywhere, (n + 0.5) / HELD_OUT) for n in range(HELD_OUT))
    count = max(HELD_OUT, 2 * len(lines))
    chosen: list[str] = []
    for number, key in zip(range(count), list(lines) * count, strict=False):
        length = len(_at(corpus, (number + 0.5) / count))
        taken = used | set(chosen)
        own = [line.text for line in lines[key] if line.text not in taken]
        pool = own or [text for text in corpus if text not in taken]
        if pool:
            chosen.append(min(pool, key=lambda text: abs(len(text) - length)))
    return tuple(sorted(chosen, key=len))


def _said_in_all(styles: list[StyleLabel]) -> set[str]:
    """Return the sentences that have a usable take in every one of the styles."""
    takes = Recording.objects.usable().filter(style__in=styles).order_by()
    each = takes.values("sentence__text").annotate(styles=Count("style", distinct=True))
    return {row["sentence__text"] for row in each if row["styles"] == len(styles)}


def _search_texts(held_out: tuple[str, ...]) -> tuple[str, ...]:
    corpus = [text for text in _corpus_texts() if text not in held_out]
    return tuple(dict.fromkeys(_at(corpus, share) for share in SEARCH_LENGTHS)) if corpus else ()


def _corpus_texts() -> list[str]:
    texts = Sentence.objects.order_by("position", "pk").values_list("text", flat=True)
    return sorted(texts, key=len)


def _at(texts: list[str], share: float) -> str:
    return texts[min(int(share * len(texts)), len(texts) - 1)]


def _takes(key: str, references: tuple[Line, ...], held_out: tuple[str, ...]) -> list[Line]:
    takes = Recording.objects.usable().filter(style__key=key, sentence__text__in=held_out)
    return [*references, *_best_of_each(takes)]


def _conditions(
    teacher: str, prompt: Recording | None, tts_url: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the teacher's options and the hashes of what they name."""
    if teacher == "recordings":
        return {}, {}
    options = {"url": url} if (url := tts_url or settings.TTS_URL) else {}
    if teacher == "http" and not options:
        raise RecipeError(_("tts_url: the teacher `http` needs the address of a speech server."))
    if prompt is None:
        return options, {}
    name = str(prompt.wav.name)
    return options | {"prompt": name, "transcript": prompt.sentence.text}, {name: prompt.sha256}
