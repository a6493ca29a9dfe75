"""Builds a recipe from the corpus: what is said, what the search hears, what it never hears."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from corpus.models import Recording, Sentence, StyleLabel
from corpus.querysets import RecordingQuerySet
from distillation.engines import DIFFERENTIABLE, STUDENTS, TEACHERS
from distillation.engines.f5.files import weights_hashed, weights_named
from distillation.engines.stock import LEAST_VOICES, stock_names
from distillation.hub import weights_recorded
from distillation.recipe import WEIGHTS, RecipeError, RunRecipe, StyleRecipe
from distillation.search import EXPERIMENTAL, STRATEGIES
from distillation.sentence_selection import (
    REFERENCES,
    SentenceOption,
    SentenceSelection,
    gradient_texts,
    select_sentences,
)
from distillation.services.in_use import default_student
from distillation.services.prompts import CLONING, Takes, prompts_choose
from distillation.services.targets import Clip, by_style
from distillation.stages.reference import MIN_S, PAUSES_S

SYLLABLES_A_SECOND = 5.0
LIBRARIES = ("voicelab", "numpy", "scipy", "librosa", "torch", "resemblyzer", "praat-parselmouth")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody asks of a run; what is left out is as the settings or the recipe have it."""

    styles: Sequence[str]
    steps: int = RunRecipe.steps
    minutes: float = RunRecipe.minutes
    goal: float = RunRecipe.goal
    patience: int = RunRecipe.patience
    seed: int = RunRecipe.seed
    student: str = ""
    precision: str = ""
    teacher: str = ""
    strategy: str = RunRecipe.strategy
    base_voices: Sequence[str] = ()  # empty: every stock voice of the student
    prompt: Recording | None = None  # one for all styles
    own_prompts: bool = False  # the best takes of each style instead
    tts_url: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)
    targets: Sequence[Clip] = ()


def recipe_build(**wanted: Any) -> RunRecipe:
    """Return a recipe of labelled sentences and usable takes, the same for the same corpus.

    Takes the fields of `Wanted`.

    Raises
    ------
    RecipeError
        A name that is not known, or a style without enough labelled sentences or takes; the
        message names what is missing.
    """
    asked = Wanted(**wanted)
    student, teacher = asked.student or default_student(), asked.teacher or settings.TEACHER
    _check_name("student", student, STUDENTS)
    _check_name("teacher", teacher, TEACHERS)
    _check_strategy(asked.strategy, student)
    base_voices = _base_voices(asked.base_voices, student)
    labels, targets = _styles(asked.styles), by_style(asked.targets)
    if unwanted := sorted(set(targets) - set(asked.styles)):
        raise RecipeError(
            _("styles: there are target clips for %s, which is not chosen.") % ", ".join(unwanted)
        )
    chosen = _chosen(labels, targets, plays_takes=teacher == "recordings")
    takes = _takes(chosen, labels) if teacher == "recordings" else {}
    prompts = _prompts(labels, teacher, asked.own_prompts, avoid=chosen.held_out)
    options, inputs = _conditions(teacher, None if prompts else asked.prompt, asked.tts_url)
    _check_prompt(teacher, has_one=bool(prompts or asked.prompt))
    for used in (*(of_style.values() for of_style in takes.values()), *prompts.values()):
        inputs |= {take.wav.name: take.sha256 for take in used}
    inputs |= {clip.name: clip.sha256 for clips in targets.values() for clip in clips}
    inputs |= weights_hashed(teacher, settings.MODEL_DIR)
    made = (_style(label, chosen, takes, targets) for label in labels)
    return RunRecipe(
        styles=tuple(replace(style, prompt=_heard(prompts.get(style.key, ()))) for style in made),
        search_texts=chosen.search,
        held_out_texts=chosen.held_out,
        gradient_texts=_gradient_texts(asked.strategy, chosen),
        student=student,
        teacher=teacher,
        strategy=asked.strategy,
        base_voices=base_voices,
        steps=asked.steps,
        minutes=asked.minutes,
        goal=asked.goal,
        patience=asked.patience,
        seed=asked.seed,
        weights={**WEIGHTS, **asked.weights},
        teacher_options=options,
        student_options=_student_options(student, asked.precision),
        versions={
            **{name: metadata.version(name) for name in (*LIBRARIES, *_engine_library(student))},
            **weights_named(teacher, settings.MODEL_DIR),
            **weights_recorded(student, settings.MODEL_DIR),
        },
        inputs=inputs,
    )


def _style(
    label: StyleLabel,
    chosen: SentenceSelection,
    takes: Mapping[str, Mapping[str, Any]],
    targets: Mapping[str, Sequence[Clip]],
) -> StyleRecipe:
    return StyleRecipe(
        key=label.key,
        speed=label.f5_speed,
        reference_texts=tuple(line.text for line in chosen.references.get(label.key, ())),
        takes={text: take.wav.name for text, take in takes.get(label.key, {}).items()},
        targets=tuple(clip.name for clip in targets.get(label.key, ())),
    )


def _gradient_texts(strategy: str, chosen: SentenceSelection) -> tuple[str, ...]:
    if strategy not in EXPERIMENTAL:
        return ()
    return gradient_texts(Sentence.objects.values_list("text", flat=True), chosen.held_out)


def _student_options(student: str, precision: str) -> dict[str, str]:
    if student != "kokoro":
        return {}
    return {"precision": precision or settings.KOKORO_PRECISION}


def _check_name(field: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise RecipeError(f"{field}: {name!r} is not one of {', '.join(sorted(known))}.")


def _check_strategy(name: str, student: str) -> None:
    _check_name("strategy", name, (*STRATEGIES, *EXPERIMENTAL))
    if name in EXPERIMENTAL and student not in DIFFERENTIABLE:
        message = _(
            "strategy: %(strategy)s works with the student %(able)s only, not with %(student)s; "
            "choose that student or another strategy."
        )
        able = ", ".join(DIFFERENTIABLE)
        raise RecipeError(message % {"strategy": name, "able": able, "student": student})


def _base_voices(names: Sequence[str], student: str) -> tuple[str, ...]:
    """Return the names; all that are there now where none were asked for."""
    there = stock_names(student, settings.MODEL_DIR)
    if others := [name for name in names if name not in there]:
        message = _("base_voices: the student %(student)s has no %(others)s; it has %(there)s.")
        counts = {"others": ", ".join(others), "there": ", ".join(there) or "-"}
        raise RecipeError(message % {"student": student, **counts})
    if len(names) == 1:
        raise RecipeError(
            _("base_voices: choose two or more, or none for all: the search goes between them.")
        )
    if len(there) < LEAST_VOICES:
        message = _(
            "base_voices: the student %(student)s has %(there)s and a search goes between two "
            "voices or more; get them with `manage.py models pull %(student)s`."
        )
        raise RecipeError(message % {"student": student, "there": ", ".join(there) or "-"})
    return tuple(names) or there


def _prompts(
    labels: list[StyleLabel], teacher: str, wanted: bool, *, avoid: Sequence[str]
) -> Takes:
    if wanted and teacher not in CLONING:
        message = _("own_prompts: the teacher %s plays the takes themselves and needs no prompt.")
        raise RecipeError(message % teacher)
    return prompts_choose(labels, avoid=avoid) if wanted else {}


def _heard(takes: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((take.sentence.text, take.wav.name) for take in takes)


def _check_prompt(teacher: str, *, has_one: bool) -> None:
    if teacher == "f5" and not has_one:
        raise RecipeError(
            _("prompt: the teacher f5 needs one: a take, or the best takes of each style.")
        )


def _engine_library(student: str) -> tuple[str, ...]:
    return ("kokoro",) if student == "kokoro" else ()


def _styles(keys: Sequence[str]) -> list[StyleLabel]:
    found = {label.key: label for label in StyleLabel.objects.filter(key__in=keys)}
    if missing := [key for key in keys if key not in found]:
        raise RecipeError(
            _("styles: %(missing)s is no style of the corpus.") % {"missing": ", ".join(missing)}
        )
    return [found[key] for key in dict.fromkeys(keys)]


def _chosen(
    labels: list[StyleLabel], targets: Mapping[str, Sequence[Clip]], *, plays_takes: bool
) -> SentenceSelection:
    spoken = [label for label in labels if label.key not in targets]
    lines = {label.key: _lines(label, plays_takes) for label in spoken}
    for label in spoken:
        if len(lines[label.key]) < REFERENCES:
            raise RecipeError(_missing(label, len(lines[label.key]), plays_takes))
    texts = Sentence.objects.values_list("text", flat=True)
    used = {clip.text for clips in targets.values() for clip in clips}
    chosen = select_sentences(lines, texts, said=_said(labels) if plays_takes else None, used=used)
    if plays_takes:
        for label in spoken:
            _check_length(label, [line.seconds for line in chosen.references[label.key]])
    return chosen


def _check_length(label: StyleLabel, takes_s: Sequence[float]) -> None:
    """Refuse takes that make no target whatever the pauses between them."""
    if sum(takes_s) + PAUSES_S[1] * (len(takes_s) - 1) >= MIN_S:
        return
    told = {"style": label.name, "found": round(sum(takes_s)), "wanted": round(MIN_S)}
    raise RecipeError(
        _(
            "%(style)s: the takes its target can be made of last %(found)d s; it needs %(wanted)d "
            "s, pauses included. Record longer sentences, or more of them."
        )
        % told
    )


def _lines(label: StyleLabel, plays_takes: bool) -> list[SentenceOption]:
    labelled = Sentence.objects.with_label().filter(Q(label_key=label.key))
    if plays_takes:
        takes = Recording.objects.usable().filter(style=label, sentence__in=labelled.values("pk"))
        return [
            SentenceOption(text, take.duration_s, take.quality or 0.0, take.wav.name)
            for text, take in _best_of_each(takes).items()
        ]
    pace = SYLLABLES_A_SECOND * label.f5_speed
    return [SentenceOption(sentence.text, sentence.syllables / pace) for sentence in labelled]


def _best_of_each(takes: RecordingQuerySet) -> dict[str, Any]:
    best: dict[str, Any] = {}
    for take in takes.best_first().select_related("sentence"):
        best.setdefault(take.sentence.text, take)
    return best


def _said(labels: list[StyleLabel]) -> dict[str, set[str]]:
    """Return the sentences that have a usable take, for each style."""
    said: dict[str, set[str]] = {label.key: set() for label in labels}
    takes = Recording.objects.usable().filter(style__in=labels)
    for key, text in takes.values_list("style__key", "sentence__text"):
        said[key].add(text)
    return said


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


def _takes(chosen: SentenceSelection, labels: list[StyleLabel]) -> dict[str, dict[str, Any]]:
    """Return each style's takes: of its target's sentences, and of the held-out ones."""
    return {
        label.key: _best_of_each(
            Recording.objects.usable().filter(
                style=label,
                sentence__text__in={
                    *(line.text for line in chosen.references.get(label.key, ())),
                    *chosen.held_out,
                },
            )
        )
        for label in labels
    }


def _conditions(
    teacher: str, prompt: Recording | None, tts_url: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the teacher's options and the hashes of what they name."""
    if teacher == "recordings":
        return {}, {}
    url = tts_url or settings.TTS_URL
    options = {"url": url} if teacher == "http" and url else {}
    if teacher == "http" and not options:
        raise RecipeError(_("tts_url: the teacher `http` needs the address of a speech server."))
    if prompt is None:
        return options, {}
    name = str(prompt.wav.name)
    return options | {"prompt": name, "transcript": prompt.sentence.text}, {name: prompt.sha256}
