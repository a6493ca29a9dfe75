"""Turns the options of `run_pipeline` into a recipe and a plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corpus.files import sha256_of
from distillation.engines import STUDENTS, TEACHERS, EngineError, default_teacher
from distillation.engines.reference_audio import check_words
from distillation.pipeline import corpus_folder, workspace
from distillation.pipeline.checks import (
    as_option,
    check_ignored,
    check_references,
    check_student,
    check_teacher,
    check_values,
)
from distillation.pipeline.corpus_folder import TAKE_NAME, Corpus, Take, TextsError
from distillation.pipeline.options import (
    STAGES,
    Options,
    PlanError,
    StylePrompt,
    is_wav,
    score_weights,
    style_prompts,
    target_clips,
    transcript,
)
from distillation.recipe import RecipeError, RunRecipe
from distillation.recipe_builder import (
    RecipeRequest,
    SoundFile,
    StyleSource,
    TargetPlan,
    assembled,
    planned_targets,
    selected,
)
from distillation.sentence_selection import REFERENCES, SentenceSelection


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be done, and notes for the user."""

    stages: tuple[str, ...]
    recipe: RunRecipe
    out: Path
    voices_dir: Path
    model_dir: Path
    override: str
    plain_delivery: bool
    jobs: int
    notes: tuple[str, ...]


def plan(options: Options) -> Plan:
    """Return the plan for the options.

    Raises
    ------
    PlanError
        Anything that would make the work fail later; nothing has been written.
    """
    stages = STAGES if options.stage == "all" else (options.stage,)
    corpus = corpus_folder.read_corpus(options.corpus_dir)
    check_values(options, corpus)
    check_ignored(options, stages)
    check_teacher(options, stages)
    styles = _styles(options, corpus)
    options = workspace.with_evolved_options(options, styles)
    workspace.check_evolved(options, styles)
    before = workspace.target_plan(options, styles)
    student = options.student or options.default_student
    check_student(student, options, stages)
    try:
        takes, whose = _takes(options, corpus, styles)
        recipe = _recipe(options, corpus, styles, student, before, takes)
    except (RecipeError, TextsError) as error:
        raise PlanError(as_option(error)) from error
    if "reference" in stages:
        check_references(recipe)
        _check_prompts(recipe)
    return Plan(
        stages=stages,
        recipe=recipe,
        out=options.out,
        voices_dir=options.voices_dir,
        model_dir=options.model_dir,
        override=options.override.strip(),
        plain_delivery=options.plain_delivery,
        jobs=options.jobs,
        notes=tuple(filter(None, (whose, *_notes(options, recipe, before)))),
    )


def _check_prompts(recipe: RunRecipe) -> None:
    """Reject prompts whose words and sound do not fit each other."""
    if not TEACHERS[recipe.teacher].clones:
        return
    options = recipe.teacher_options
    prompts = {("--prompt-style", *prompt) for style in recipe.styles for prompt in style.prompt}
    if options.get("prompt") and options.get("transcript"):
        prompts.add(("--reference-text", options["transcript"], options["prompt"]))
    for option, text, path in sorted(prompts):
        try:
            check_words(Path(path), text)
        except EngineError as error:
            raise PlanError(f"{option}: {error}") from error


def _styles(options: Options, corpus: Corpus) -> tuple[str, ...]:
    """Return the requested styles, or those that have what the first stage needs."""
    wanted = options.styles or _styles_with_clips(options, corpus) or tuple(corpus.speeds)
    return workspace.styles_available(options, wanted)


def _styles_with_clips(options: Options, corpus: Corpus) -> tuple[str, ...]:
    """Return the styles with named clips, if there is no other source of targets."""
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
    before: TargetPlan | None,
    takes: Sequence[Take] | None,
) -> RunRecipe:
    teacher = _teacher(options)
    sources = _sources(options, corpus, styles, takes)
    request = _request(options, student, teacher)
    selection = _selection(options, corpus, sources)
    targets = before or planned_targets(request, sources, selection, options.model_dir)
    return assembled(request, selection, targets, corpus.texts, options.model_dir)


def _request(options: Options, student: str, teacher: str) -> RecipeRequest:
    names = ("strategy", "steps", "minutes", "goal", "patience", "seed", "base_voices")
    asked = {name: getattr(options, name) for name in names}
    return RecipeRequest(
        **{name: value for name, value in asked.items() if value not in (None, "", ())},
        student=student,
        teacher=teacher,
        precision=_precision(options, student),
        weights=score_weights(options.weights),
        url=options.tts_url,
        prompt=_prompt(options),
    )


def _teacher(options: Options) -> str:
    return options.teacher or default_teacher(served=bool(options.tts_url))


def _takes(
    options: Options, corpus: Corpus, styles: Sequence[str]
) -> tuple[list[Take] | None, str]:
    """Return the takes the teacher plays, of one speaker unless asked otherwise, and why these."""
    audio = options.reference_audio
    if audio is None or is_wav(audio) or not TEACHERS[_teacher(options)].plays_takes:
        return None, ""
    found = corpus_folder.read_takes(audio, corpus)
    takes, whose = corpus_folder.takes_of_one(
        found, styles, speaker=options.speaker, mix=options.mix_speakers
    )
    return takes, whose


def _sources(
    options: Options, corpus: Corpus, styles: Sequence[str], takes: Sequence[Take] | None
) -> list[StyleSource]:
    clips, prompts = _targets(options, corpus, styles), _prompts(options, styles)
    known = workspace.hashes(options.out)
    return [
        replace(
            source,
            targets=[_sound(path, known) for path in clips.get(source.key, ())],
            prompt=[_sound(path, known, text) for text, path in prompts.get(source.key, ())],
        )
        for source in corpus_folder.style_sources(corpus, styles, takes)
    ]


def _sound(path: str, known: Mapping[str, str], text: str = "") -> SoundFile:
    """Return an audio file with its hash, the known one if a target's clip is gone by now."""
    there = path not in known or Path(path).exists()
    return SoundFile(path, sha256_of(Path(path)) if there else known[path], text)


def _prompt(options: Options) -> SoundFile | None:
    """Return the WAV that a teacher clones or plays slices of."""
    if options.reference_audio is None or not is_wav(options.reference_audio):
        return None
    path = options.reference_audio.resolve()
    return SoundFile(str(path), sha256_of(path), transcript(options))


def _selection(
    options: Options, corpus: Corpus, sources: Sequence[StyleSource]
) -> SentenceSelection:
    """Return the sentences; those of the folder's other targets if there are any.

    Its search texts are kept; its held-out texts too, unless a target or search now uses one.
    """
    styles = [source.key for source in sources]
    before = workspace.earlier_texts(options, styles)
    makes = options.stage in ("all", "reference")
    if before and makes:
        sources = [_without(source, before.held_out) for source in sources]
    used = workspace.spoken(options.out)
    searched = workspace.searched(options, styles) | set(before.search if before else ())
    chosen = selected(sources, corpus.texts, used=used | searched)
    if before is None:
        return chosen
    if makes:
        used |= {option.text for some in chosen.references.values() for option in some}
    clash = (used | searched) & set(before.held_out)
    held_out = chosen.held_out if clash else before.held_out
    return replace(chosen, search=before.search, held_out=held_out)


def _without(source: StyleSource, held_out: Collection[str]) -> StyleSource:
    """Return the source without held-out texts, or unchanged if too few would be left."""
    free = [option for option in source.options if option.text not in held_out]
    return replace(source, options=free) if len(free) >= REFERENCES else source


def _targets(options: Options, corpus: Corpus, styles: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the clips of each style: given now, or by an earlier stage reference."""
    if not options.target_audio:
        return workspace.clips(options, styles)
    given = target_clips(options.target_audio, corpus.speeds)
    found = {key: (*given.get("", ()), *given.get(key, ())) for key in styles}
    named = [TAKE_NAME.fullmatch(clip.name) for clips in found.values() for clip in clips]
    speakers = sorted({one["speaker"] for one in named if one and one["speaker"]})
    if len(speakers) > 1 and not options.mix_speakers:
        raise PlanError(
            f"--target-audio: takes of {', '.join(speakers)}; their voices would be mixed. Give "
            "those of one speaker, or --mix-speakers."
        )
    if unknown := sorted(set(given) - {"", *styles}):
        raise PlanError(f"--target-audio: {', '.join(unknown)} is not among --styles.")
    without = [key for key, clips in found.items() if not clips]
    if without and not (options.reference_audio or options.tts_url):
        raise PlanError(
            f"--target-audio: no clip for {', '.join(without)}; name one (STYLE=PATH), leave the "
            "style out with --styles, or give a teacher with --reference-audio or --tts-url."
        )
    return {key: tuple(map(str, clips)) for key, clips in found.items()}


def _precision(options: Options, student: str) -> str:
    if options.precision and not STUDENTS[student].precisions:
        able = [info.name for info in STUDENTS.values() if info.precisions]
        raise PlanError(f"--precision is for the student {' or '.join(able)}, not {student}.")
    return options.precision or options.default_precision


def _prompts(options: Options, styles: Sequence[str]) -> dict[str, StylePrompt]:
    found = style_prompts(options.prompt_styles, styles)
    needs = bool(options.teacher) and TEACHERS[options.teacher].needs_prompt
    missing = [style for style in styles if style not in found]
    if found and missing and needs and options.reference_audio is None:
        raise PlanError(
            f"--prompt-style: none for {', '.join(missing)}; give them, leave these styles out "
            "(--styles), or give --reference-audio for them."
        )
    return found


def _notes(options: Options, recipe: RunRecipe, before: TargetPlan | None) -> tuple[str, ...]:
    found = (
        _of_teacher(options, recipe),
        _of_takes(recipe),
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
    shared = TEACHERS[recipe.teacher].plays_takes and options.reference_audio is not None
    if shared and len(recipe.styles) > 1 and is_wav(options.reference_audio or Path()):
        return (
            "One recording serves every style, only its pace differs; a folder of takes or "
            "--tts-url gives each style its own intonation."
        )
    return ""


def _of_takes(recipe: RunRecipe) -> str:
    """Say how many of the recorded sentences make each target, and which are preferred."""
    counts = [
        f"{style.key} {len(style.reference_texts)}"
        for style in recipe.styles
        if style.takes and style.reference_texts
    ]
    if not counts:
        return ""
    return (
        f"Sentences of the targets: {', '.join(counts)}; of each sentence the take with the "
        "highest quality, of the sentences the best that last 20 to 28 s together."
    )


def _of_styles(options: Options, recipe: RunRecipe) -> str:
    others = workspace.left_out(options, recipe.style_keys)
    return f"{', '.join(others)}: left out, not evolved yet." if others else ""


def _of_searches(options: Options, recipe: RunRecipe) -> str:
    first, *_ = styles = recipe.style_keys
    others = workspace.evolved_with_other_options(options, styles)
    if not others:
        return ""
    return (
        f"{', '.join(others)}: evolved with other options than {first}; the report shows those of "
        f"{first}, the metadata next to each voice its own."
    )


def _of_targets(options: Options, before: TargetPlan | None) -> str:
    if before is None or before.alike or options.stage != "validate":
        return ""
    return (
        "The targets are of different teachers: none speaks the held-out sentences. Name one with "
        "--reference-audio or --tts-url, or validate the styles of each apart."
    )
