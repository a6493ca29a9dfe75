"""Builds a recipe from a request and a source of sentences and takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from corpus.audio.profile import Profile
from corpus.text.cleaning import composed
from corpus.translatable import gettext_noop as _
from distillation.engines import MIN_BASE_VOICES, STUDENTS, TEACHERS, with_gradient
from distillation.recipe import WEIGHTS, RecipeError, RunRecipe, StyleRecipe
from distillation.search import STEPS, STRATEGIES, WITH_GRADIENT
from distillation.sentence_selection import (
    SentenceOption,
    SentenceSelection,
    gradient_texts,
    select_sentences,
)
from distillation.stages.checks import default_thresholds
from distillation.stages.reference import MIN_S, PAUSES_S

LIBRARIES = ("voicelab", "numpy", "scipy", "librosa", "torch", "resemblyzer")
SYLLABLES_A_SECOND = 5.0  # assumed for a teacher whose pace is unknown


class SoundFile(NamedTuple):
    """An audio file: its name in the recipe, its SHA-256, and its transcript if known."""

    name: str
    sha256: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class RecipeRequest:
    """The settings requested for a run; the defaults are the student's and those of `RunRecipe`."""

    student: str
    teacher: str
    precision: str = ""
    strategy: str = ""  # empty: the student's
    base_voices: Sequence[str] = ()  # empty: every stock voice of the student
    steps: int = 0  # 0: as many as the strategy needs
    minutes: float = RunRecipe.minutes
    goal: float = RunRecipe.goal
    patience: int = RunRecipe.patience
    seed: int = RunRecipe.seed
    weights: Mapping[str, float] = field(default_factory=dict)
    url: str = ""  # of a teacher that is a server on another machine
    prompt: SoundFile | None = None  # one for all styles


@dataclass(frozen=True, kw_only=True)
class StyleSource:
    """The sentences and audio files available for one style.

    Attributes
    ----------
    options : sequence of SentenceOption
        What its teacher can speak, best first.
    takes : mapping of str to SoundFile
        Its best take of each recorded text, if the teacher plays takes.
    targets : sequence of SoundFile
        Clips given as its target; the teacher then speaks none.
    prompt : sequence of SoundFile
        Prompt of a cloning teacher for this style, instead of the run's.
    profile : mapping of str to (low, high)
        Accepted band of each measure, relative to the neutral voice (`corpus.audio.profile`).
    """

    key: str
    speed: float
    name: str = ""  # display name
    options: Sequence[SentenceOption] = ()
    takes: Mapping[str, SoundFile] = field(default_factory=dict)
    targets: Sequence[SoundFile] = ()
    prompt: Sequence[SoundFile] = ()
    profile: Profile = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TargetPlan:
    """How the targets are made: each style's sentences and audio files, and the teacher."""

    styles: tuple[StyleRecipe, ...]
    teacher: str = "recordings"
    options: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)  # hash of each file, even a missing one
    alike: bool = True  # one teacher spoke them all


def build_recipe(
    request: RecipeRequest,
    styles: Sequence[StyleSource],
    texts: Iterable[str],
    *,
    model_dir: Path,
    prompts: Callable[[Collection[str]], Mapping[str, Sequence[SoundFile]]] | None = None,
) -> RunRecipe:
    """Return the recipe of a run; the same for the same arguments.

    Parameters
    ----------
    request : RecipeRequest
        Student, teacher and search.
    styles : sequence of StyleSource
        In the order of the report.
    texts : iterable of str
        Every sentence of the corpus.
    model_dir : path
        Folder of models: determines the available voices and the recorded weights.
    prompts : callable, optional
        Given the held-out texts, chooses each style's own prompt.

    Raises
    ------
    RecipeError
        An unknown name, incompatible settings, or too few sentences.
    """
    texts = tuple(texts)
    check_request(request, model_dir)
    check_prompt(request, own=bool(prompts) or any(style.prompt for style in styles))
    selection = selected(styles, texts)
    if prompts:
        of_style = prompts(selection.held_out)
        styles = [replace(style, prompt=of_style.get(style.key, ())) for style in styles]
    check_lengths(styles, selection)
    targets = planned_targets(request, styles, selection, model_dir)
    return assembled(request, selection, targets, texts, model_dir)


def selected(
    styles: Sequence[StyleSource],
    texts: Iterable[str],
    *,
    used: Collection[str] = (),
) -> SentenceSelection:
    """Select the sentences of targets, of the search, and for validation only.

    `used` are sentences of other targets and searches, which must not be held out.
    """
    used = {*used, *(clip.text for style in styles for clip in style.targets if clip.text)}
    recorded = {style.key: set(style.takes) for style in styles}
    return select_sentences(
        {style.key: style.options for style in styles if not style.targets},
        texts,
        said=recorded if any(recorded.values()) else None,
        used=used,
    )


def planned_targets(
    request: RecipeRequest,
    styles: Sequence[StyleSource],
    selection: SentenceSelection,
    model_dir: Path,
) -> TargetPlan:
    """Return how the targets of these styles are made."""
    info = TEACHERS[request.teacher]
    prompt = None if any(style.prompt for style in styles) else request.prompt
    options = {"url": request.url} if info.needs_url and request.url else {}
    if prompt:
        options |= {"prompt": prompt.name, "transcript": composed(prompt.text)}
    sounds = [sound for style in styles for sound in _sounds(style, selection)]
    sounds += [prompt] if prompt else []
    return TargetPlan(
        styles=tuple(_style_recipe(style, selection) for style in styles),
        teacher=request.teacher,
        options=options,
        versions=dict(info.versions(model_dir)),
        inputs={**{one.name: one.sha256 for one in sounds}, **info.inputs(model_dir)},
    )


def assembled(
    request: RecipeRequest,
    selection: SentenceSelection,
    targets: TargetPlan,
    texts: Iterable[str],
    model_dir: Path,
) -> RunRecipe:
    """Return the recipe for these sentences and targets."""
    info = STUDENTS[request.student]
    strategy = request.strategy or info.strategy
    follows = strategy in WITH_GRADIENT
    precision = request.precision or next(iter(info.precisions), "")
    libraries = (*LIBRARIES, *filter(None, [info.library]))
    return RunRecipe(
        styles=targets.styles,
        search_texts=selection.search,
        held_out_texts=selection.held_out,
        gradient_texts=gradient_texts(texts, selection.held_out) if follows else (),
        student=request.student,
        teacher=targets.teacher,
        strategy=strategy,
        base_voices=tuple(request.base_voices) or info.stock_voices(model_dir),
        steps=request.steps or default_steps(strategy),
        minutes=request.minutes,
        goal=request.goal,
        patience=request.patience,
        seed=request.seed,
        weights={**WEIGHTS, **request.weights},
        thresholds=default_thresholds(),
        teacher_options=targets.options,
        student_options={"precision": precision} if info.precisions else {},
        versions={
            **{name: metadata.version(name) for name in libraries},
            **targets.versions,
            **info.weights(model_dir),
        },
        inputs=targets.inputs,
    )


def default_steps(strategy: str) -> int:
    """Return the number of steps of a run that names none."""
    return STEPS.get(strategy, RunRecipe.steps)


def check_request(request: RecipeRequest, model_dir: Path) -> None:
    """Reject unknown names and incompatible settings.

    Raises
    ------
    RecipeError
        The message begins with the field.
    """
    _check_name("student", request.student, STUDENTS)
    _check_name("teacher", request.teacher, TEACHERS)
    if request.strategy:
        check_strategy(request.strategy, request.student)
    check_base_voices(request.base_voices, request.student, model_dir)
    if TEACHERS[request.teacher].needs_url and not request.url:
        raise RecipeError(
            _("tts_url: the teacher `%(teacher)s` needs the address of a speech server."),
            teacher=request.teacher,
        )


def check_strategy(name: str, student: str) -> None:
    """Reject an unknown strategy, or one that needs gradients the student does not provide."""
    _check_name("strategy", name, STRATEGIES)
    if name in WITH_GRADIENT and not STUDENTS[student].has_gradient:
        raise RecipeError(
            _(
                "strategy: %(strategy)s works with the student %(able)s only, not with "
                "%(student)s; choose that student or another strategy."
            ),
            strategy=name,
            able=", ".join(with_gradient()),
            student=student,
        )


def check_base_voices(names: Sequence[str], student: str, model_dir: Path) -> None:
    """Reject voices the student does not have, and fewer voices than a search needs."""
    info = STUDENTS[student]
    there = info.stock_voices(model_dir)
    known = {"student": student, "there": ", ".join(there) or "-"}
    if others := [name for name in names if name not in there]:
        raise RecipeError(
            _("base_voices: the student %(student)s has no %(others)s; it has %(there)s."),
            others=", ".join(others),
            **known,
        )
    if names and len(set(names)) < MIN_BASE_VOICES:
        raise RecipeError(
            _("base_voices: choose two or more, or none for all: the search goes between them.")
        )
    if len(there) < MIN_BASE_VOICES:
        raise RecipeError(
            _(
                "base_voices: the student %(student)s has %(there)s and a search goes between "
                "two voices or more; get them with `%(hint)s`."
            ),
            hint=info.install_hint,
            **known,
        )


def check_prompt(request: RecipeRequest, *, own: bool) -> None:
    """Reject prompts per style for a teacher that takes none, and a missing required prompt."""
    info = TEACHERS[request.teacher]
    if own and not info.clones:
        raise RecipeError(
            _(
                "own_prompts: the teacher %(teacher)s plays the takes themselves and needs no "
                "prompt."
            ),
            teacher=request.teacher,
        )
    if info.needs_prompt and not (own or request.prompt):
        raise RecipeError(
            _(
                "prompt: the teacher %(teacher)s needs one: a take, or the best takes of each "
                "style."
            ),
            teacher=request.teacher,
        )


def check_lengths(styles: Sequence[StyleSource], selection: SentenceSelection) -> None:
    """Reject takes that are too short for a target even with the longest pauses."""
    for style in styles:
        options = selection.references.get(style.key, ())
        if not options or not all(option.is_recorded for option in options):
            continue
        seconds = sum(option.seconds for option in options)
        if seconds + PAUSES_S[1] * (len(options) - 1) < MIN_S:
            raise RecipeError(
                _(
                    "%(style)s: the takes its target can be made of last %(found)d s; it needs "
                    "%(wanted)d s, pauses included. Record longer sentences, or more of them."
                ),
                style=style.name or style.key,
                found=round(seconds),
                wanted=round(MIN_S),
            )


def _check_name(field_name: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise RecipeError(f"{field_name}: {name!r} is not one of {', '.join(sorted(known))}.")


def _style_recipe(style: StyleSource, selection: SentenceSelection) -> StyleRecipe:
    return StyleRecipe(
        key=style.key,
        speed=style.speed,
        reference_texts=_reference_texts(style, selection),
        takes={text: take.name for text, take in _takes(style, selection).items()},
        targets=tuple(clip.name for clip in style.targets),
        prompt=tuple((sound.text, sound.name) for sound in style.prompt),
        profile={name: (float(low), float(high)) for name, (low, high) in style.profile.items()},
    )


def _reference_texts(style: StyleSource, selection: SentenceSelection) -> tuple[str, ...]:
    return tuple(option.text for option in selection.references.get(style.key, ()))


def _takes(style: StyleSource, selection: SentenceSelection) -> dict[str, SoundFile]:
    """Return the takes of the target's sentences and of the held-out ones."""
    wanted = {*_reference_texts(style, selection), *selection.held_out}
    return {text: take for text, take in style.takes.items() if text in wanted}


def _sounds(style: StyleSource, selection: SentenceSelection) -> list[SoundFile]:
    return [*_takes(style, selection).values(), *style.targets, *style.prompt]
