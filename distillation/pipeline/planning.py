"""Planning: the options of `run_pipeline` become a recipe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from distillation.engines.f5.files import weights_hashed, weights_named
from distillation.engines.stock import stock_names
from distillation.hub import weights_recorded
from distillation.pipeline import cloning, folder, texts
from distillation.pipeline.checks import (
    check_references,
    check_strategy,
    check_student,
    check_teacher,
    check_values,
)
from distillation.pipeline.folder import TargetOrigin
from distillation.pipeline.notes import sha256_of
from distillation.pipeline.option_values import OptionValueError
from distillation.pipeline.option_values import targets as asked_targets
from distillation.pipeline.option_values import weights as asked_weights
from distillation.pipeline.options import STAGES, Options, PlanError, is_wav, transcript
from distillation.pipeline.texts import Corpus, TextsError
from distillation.recipe import RecipeError, RunRecipe, StyleRecipe
from distillation.search import EXPERIMENTAL
from distillation.sentence_selection import (
    REFERENCES,
    SentenceOption,
    SentenceSelection,
    gradient_texts,
    select_sentences,
)

LIBRARIES = ("numpy", "scipy", "torch", "resemblyzer", "praat-parselmouth", "kokoro")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be done, and what the person should know before."""

    stages: tuple[str, ...]
    recipe: RunRecipe
    out: Path
    voices_dir: Path
    student_options: dict[str, Any]
    teacher_options: dict[str, Any]
    force: bool
    jobs: int
    notes: tuple[str, ...]


def plan(options: Options) -> Plan:
    """Return what the options ask for.

    Raises
    ------
    PlanError
        Anything that would stop the work later; nothing has been written.
    """
    stages = STAGES if options.stage == "all" else (options.stage,)
    corpus = texts.read_corpus(options.corpus_dir)
    check_values(options, corpus)
    check_teacher(options, stages)
    styles = _styles(options, corpus)
    options = folder.as_evolved(options, styles)
    folder.check_evolved(options, styles)
    before = folder.taught(options, styles)
    student = options.student or options.default_student
    check_student(student, options, stages)
    check_strategy(student, options, stages)
    try:
        recipe = _recipe(options, corpus, styles, student, before)
    except (RecipeError, TextsError, OptionValueError) as error:
        raise PlanError(str(error)) from error
    if "reference" in stages:
        check_references(recipe)
    return Plan(
        stages=stages,
        recipe=recipe,
        out=options.out,
        voices_dir=options.voices_dir,
        student_options={"model_dir": str(options.model_dir)} if student == "kokoro" else {},
        teacher_options=cloning.of_machine(recipe, options.model_dir),
        force=options.force,
        jobs=options.jobs,
        notes=_notes(options, recipe, before),
    )


def _styles(options: Options, corpus: Corpus) -> tuple[str, ...]:
    """Return the styles asked for, or those that have what the first stage needs."""
    wanted = options.styles or _styles_with_clips(options, corpus) or tuple(corpus.speeds)
    return folder.styles_there(options, wanted)


def _styles_with_clips(options: Options, corpus: Corpus) -> tuple[str, ...]:
    """Return the styles that clips were named for, where nothing else makes a target of others."""
    if options.reference_audio or options.tts_url:
        return ()
    named = {value.partition("=")[0] for value in options.target_audio}
    if named - set(corpus.speeds):  # a clip for every style
        return ()
    return tuple(key for key in corpus.speeds if key in named)


def _recipe(
    options: Options,
    corpus: Corpus,
    styles: Sequence[str],
    student: str,
    before: TargetOrigin | None,
) -> RunRecipe:
    teacher = options.teacher or ("http" if options.tts_url else "recordings")
    lines = _lines(options, corpus, styles, teacher)
    chosen = _choice(options, corpus, lines)
    now = before or _taught(options, corpus, lines, chosen, teacher)
    names = ("strategy", "steps", "minutes", "goal", "patience", "seed")
    asked = {name: getattr(options, name) for name in names}
    asked["base_voices"] = options.base_voices or stock_names(student, options.model_dir)
    return RunRecipe(
        **{name: value for name, value in asked.items() if value not in (None, "", ())},
        styles=now.styles,
        search_texts=chosen.search,
        held_out_texts=chosen.held_out,
        gradient_texts=_gradient_texts(options, corpus, chosen),
        student=student,
        teacher=now.teacher,
        weights=asked_weights(options.weights),
        teacher_options=now.options,
        student_options=_precision(options, student),
        versions=now.versions
        | {name: metadata.version(name) for name in LIBRARIES}
        | weights_recorded(student, options.model_dir),
        inputs=now.inputs,
    )


def _gradient_texts(options: Options, corpus: Corpus, chosen: SentenceSelection) -> tuple[str, ...]:
    if options.strategy not in EXPERIMENTAL:
        return ()
    return gradient_texts(corpus.texts, chosen.held_out)


def _taught(
    options: Options,
    corpus: Corpus,
    lines: dict[str, list[SentenceOption]],
    chosen: SentenceSelection,
    teacher: str,
) -> TargetOrigin:
    styles = tuple(lines)
    clips, prompts = _targets(options, corpus, styles), _prompts(options, styles)
    made = (_style_recipe(key, corpus, chosen, lines[key], clips.get(key, ())) for key in styles)
    recipes = tuple(replace(style, prompt=prompts.get(style.key, ())) for style in made)
    conditions = _conditions(options, teacher)
    files = {path for recipe in recipes for path in (*recipe.takes.values(), *recipe.targets)}
    files |= {conditions["prompt"]} if "prompt" in conditions else set()
    files |= {path for own in prompts.values() for _, path in own}
    return TargetOrigin(
        styles=recipes,
        teacher=teacher,
        options=conditions,
        versions=weights_named(teacher, options.model_dir),
        inputs={**_hashes(options, files), **weights_hashed(teacher, options.model_dir)},
    )


def _hashes(options: Options, files: Collection[str]) -> dict[str, str]:
    """Return the hash of each file; clips of a target that is made may be gone since."""
    before = folder.hashes(options.out)
    gone = {path: before[path] for path in files if path in before and not Path(path).exists()}
    there = (path for path in files if path not in gone)
    return gone | {path: sha256_of(Path(path)) for path in there}


def _lines(
    options: Options, corpus: Corpus, styles: Sequence[str], teacher: str
) -> dict[str, list[SentenceOption]]:
    audio = options.reference_audio
    if teacher in ("http", "f5") or audio is None or is_wav(audio):
        return texts.style_lines(corpus, styles)
    return texts.style_lines(corpus, styles, texts.read_takes(audio, corpus))


def _targets(options: Options, corpus: Corpus, styles: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the clips of each style: as given now or, after the stage reference, before."""
    if not options.target_audio:
        return folder.clips(options, styles)
    given = asked_targets(options.target_audio, corpus.speeds)
    found = {key: (*given.get("", ()), *given.get(key, ())) for key in styles}
    if unknown := sorted(set(given) - {"", *styles}):
        raise OptionValueError(f"--target-audio: {', '.join(unknown)} is not among --styles.")
    without = [key for key, clips in found.items() if not clips]
    if without and not (options.reference_audio or options.tts_url):
        raise OptionValueError(
            f"--target-audio: no clip for {', '.join(without)}; name one (STYLE=PATH), leave the "
            "style out with --styles, or give a teacher with --reference-audio or --tts-url."
        )
    return {key: tuple(map(str, clips)) for key, clips in found.items()}


def _precision(options: Options, student: str) -> dict[str, str]:
    if student != "kokoro":
        if options.precision:
            raise OptionValueError(f"--precision is for the student kokoro, not {student}.")
        return {}
    return {"precision": options.precision or options.default_precision}


def _choice(
    options: Options, corpus: Corpus, lines: dict[str, list[SentenceOption]]
) -> SentenceSelection:
    """Return the sentences; those of the folder's other targets where there are any.

    What its searches hear stays; of what is held out, only where a target or a search has it.
    """
    before = folder.texts_before(options, lines)
    makes = options.stage in ("all", "reference")
    if before and makes:
        lines = {key: _without(of_style, before.held_out) for key, of_style in lines.items()}
    used = folder.spoken(options.out)
    heard = folder.heard(options, tuple(lines)) | set(before.search if before else ())
    takes = any(line.take for of_style in lines.values() for line in of_style)
    said = {key: {line.text for line in of_style} for key, of_style in lines.items()}
    chosen = select_sentences(lines, corpus.texts, said=said if takes else None, used=used | heard)
    if before is None:
        return chosen
    if makes:
        used |= {line.text for of_style in chosen.references.values() for line in of_style}
    clash = (used | heard) & set(before.held_out)
    held_out = chosen.held_out if clash else before.held_out
    return replace(chosen, search=before.search, held_out=held_out)


def _without(lines: list[SentenceOption], held_out: Collection[str]) -> list[SentenceOption]:
    """Return the lines a target may say, all of them where too few were left."""
    free = [line for line in lines if line.text not in held_out]
    return free if len(free) >= REFERENCES else lines


def _style_recipe(
    key: str,
    corpus: Corpus,
    chosen: SentenceSelection,
    lines: Sequence[SentenceOption],
    targets: tuple[str, ...],
) -> StyleRecipe:
    spoken = [line.text for line in chosen.references[key]]
    return StyleRecipe(
        key=key,
        speed=corpus.speeds[key],
        reference_texts=tuple(spoken),
        takes={
            line.text: line.take
            for line in lines
            if line.take and line.text in {*spoken, *chosen.held_out}
        },
        targets=targets,
    )


def _conditions(options: Options, teacher: str) -> dict[str, str]:
    """Return the teacher's options: its server, and the WAV it clones or plays slices of."""
    conditions = {"url": options.tts_url} if teacher == "http" and options.tts_url else {}
    if options.reference_audio is not None and is_wav(options.reference_audio):
        conditions["prompt"] = str(options.reference_audio.resolve())
        conditions["transcript"] = transcript(options)
    return conditions


def _prompts(options: Options, styles: Sequence[str]) -> dict[str, cloning.Heard]:
    found = cloning.prompts(options.prompt_styles, styles)
    lone = options.teacher == "f5" and options.reference_audio is None
    if lone and found and (missing := [style for style in styles if style not in found]):
        raise PlanError(
            f"--prompt-style: none for {', '.join(missing)}; give them, leave these styles out "
            "(--styles), or give --reference-audio for them."
        )
    return found


def _notes(options: Options, recipe: RunRecipe, before: TargetOrigin | None) -> tuple[str, ...]:
    found = (
        _of_teacher(options, recipe),
        _of_styles(options, recipe),
        _of_searches(options, recipe),
        _of_targets(options, before),
    )
    return tuple(filter(None, found))


def _of_teacher(options: Options, recipe: RunRecipe) -> str:
    if recipe.teacher_weights:
        return (
            f"The teacher's weights: {recipe.teacher_weights}. A licence that ends in NC forbids "
            "commercial use; it is recorded with the recipe."
        )
    shared = recipe.teacher == "recordings" and options.reference_audio is not None
    if shared and len(recipe.styles) > 1 and is_wav(options.reference_audio or Path()):
        return (
            "One recording serves every style, only its pace differs; a folder of takes or "
            "--tts-url gives each style its own intonation."
        )
    return ""


def _of_styles(options: Options, recipe: RunRecipe) -> str:
    others = folder.left_out(options, recipe.style_keys)
    return f"{', '.join(others)}: left out, not evolved yet." if others else ""


def _of_searches(options: Options, recipe: RunRecipe) -> str:
    first, *_ = styles = recipe.style_keys
    others = folder.evolved_otherwise(options, styles)
    if not others:
        return ""
    return (
        f"{', '.join(others)}: evolved with other options than {first}; the report shows those of "
        f"{first}, the notes beside each voice its own."
    )


def _of_targets(options: Options, before: TargetOrigin | None) -> str:
    if before is None or before.alike or options.stage != "validate":
        return ""
    return (
        "The targets are of different teachers: none speaks the held-out sentences. Name one with "
        "--reference-audio or --tts-url, or validate the styles of each apart."
    )
