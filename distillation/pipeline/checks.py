"""Checks `run_pipeline`'s options, rejecting what cannot work before any work begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from importlib.util import find_spec
from urllib.parse import urlsplit

from distillation.engines import MIN_BASE_VOICES, STUDENTS, TEACHERS, TeacherInfo, default_teacher
from distillation.pipeline.corpus_folder import Corpus
from distillation.pipeline.options import PRECISIONS, Options, PlanError, is_wav, transcript
from distillation.recipe import RecipeError, RunRecipe
from distillation.recipe_builder import check_base_voices, check_strategy
from distillation.search import STRATEGIES


def check_values(options: Options, corpus: Corpus) -> None:
    known: dict[str, tuple[str, Iterable[str]]] = {
        "--student": (options.student, STUDENTS),
        "--teacher": (options.teacher, TEACHERS),
        "--strategy": (options.strategy, tuple(STRATEGIES)),
        "--precision": (options.precision, PRECISIONS),
    }
    for option, (value, names) in known.items():
        if value and value not in names:
            raise PlanError(f"{option}: {' or '.join(names)}, not {value!r}.")
    if unknown := [style for style in options.styles if style not in corpus.speeds]:
        raise PlanError(f"--styles: {', '.join(corpus.speeds)}; not {', '.join(unknown)}.")
    if len(set(options.styles)) < len(options.styles):
        raise PlanError(f"--styles: each once, not {' '.join(options.styles)}.")
    if options.steps is not None and options.steps < 1:
        raise PlanError(f"--steps: 1 or more, not {options.steps}.")
    if options.jobs < 1:
        raise PlanError(f"--jobs: 1 or more, not {options.jobs}.")
    if options.base_voices and len(set(options.base_voices)) < MIN_BASE_VOICES:
        raise PlanError("--base-voices: two or more, their spread scales the search.")
    if options.target_audio and options.stage not in ("all", "reference"):
        raise PlanError(
            "--target-audio is for the stage reference: run --stage reference with it, or "
            f"leave it out of --stage {options.stage}."
        )
    if options.seed is not None and options.seed < 0:
        raise PlanError(f"--seed: 0 or more, not {options.seed}.")


def check_ignored(options: Options, stages: Sequence[str]) -> None:
    """Reject options that none of the stages uses."""
    for option, (value, used_by) in _uses(options).items():
        if value and not set(used_by) & set(stages):
            raise PlanError(
                f"{option} does nothing in --stage {options.stage}; it is for "
                f"{' and '.join(f'--stage {stage}' for stage in used_by)}. Leave it out."
            )


def _uses(options: Options) -> dict[str, tuple[object, tuple[str, ...]]]:
    """Return the value given for each option, and the stages that use it."""
    search = {
        "--strategy": options.strategy,
        "--steps": options.steps is not None,
        "--minutes": options.minutes is not None,
        "--goal": options.goal is not None,
        "--patience": options.patience is not None,
        "--base-voices": options.base_voices,
        "--jobs": options.jobs > 1,
    }
    scored = {"--weights": options.weights, "--precision": options.precision}
    return {
        **{option: (value, ("evolve",)) for option, value in search.items()},
        **{option: (value, ("evolve", "validate")) for option, value in scored.items()},
        "--seed": (options.seed is not None, ("reference", "evolve", "validate")),
        "--override": (options.override, ("deploy",)),
        "--plain-delivery": (options.plain_delivery, ("deploy",)),
    }


def check_teacher(options: Options, stages: Sequence[str]) -> None:
    """Reject a teacher and its recordings, address and prompts where they do not fit together."""
    audio = options.reference_audio
    named = {
        "--reference-audio": audio,
        "--tts-url": options.tts_url,
        "--teacher": options.teacher,
        "--prompt-style": options.prompt_styles,
    }
    asked = [option for option, value in named.items() if value]
    if asked and not {"reference", "validate"} & set(stages):
        raise PlanError(
            f"{asked[0]}: --stage {options.stage} asks no teacher, the targets are in the folder; "
            "run --stage reference with it for others, or leave it out."
        )
    _check_address(options)
    _check_recording(options)
    info = TEACHERS.get(options.teacher)
    if info and info.needs_prompt:
        _check_cloning(info, options)
    else:
        _check_plain(options, stages)


def _check_address(options: Options) -> None:
    """Reject an address without a teacher that uses it, and such a teacher without an address."""
    if options.tts_url and options.teacher and TEACHERS[options.teacher].plays_takes:
        raise PlanError(
            f"--tts-url is for the teacher {default_teacher(served=True)}, not {options.teacher}; "
            "leave one of them out."
        )
    if options.tts_url and urlsplit(options.tts_url).scheme not in ("http", "https"):
        raise PlanError(f"--tts-url: an address like http://tts:8001, not {options.tts_url!r}.")
    info = TEACHERS.get(options.teacher)
    if info and info.needs_url and not options.tts_url:
        raise PlanError(f"--teacher {info.name} needs --tts-url, the address of the speech server.")


def _check_recording(options: Options) -> None:
    """Reject a recording that does not exist, and words or a server that do not go with it."""
    audio = options.reference_audio
    if audio is not None and not audio.exists():
        raise PlanError(f"--reference-audio: {audio} is not there.")
    if options.reference_text and (audio is None or not is_wav(audio)):
        raise PlanError("--reference-text says what the WAV of --reference-audio says; give one.")
    if audio is not None and options.tts_url and not is_wav(audio):
        raise PlanError("--reference-audio: with --tts-url a WAV to clone, not takes.")


def _check_cloning(info: TeacherInfo, options: Options) -> None:
    """Reject a teacher that needs a prompt where it has none or cannot run."""
    if options.tts_url:
        raise PlanError(
            f"--tts-url is for the teacher http: leave --teacher {info.name} out, or --tts-url."
        )
    if info.package and find_spec(info.package) is None:
        raise PlanError(
            f"--teacher {info.name} runs in the teacher's environment: `make teacher`, then the "
            "same command with .venv-teacher/bin/python; or give --tts-url of a machine that "
            "serves it (`make teacher-speech`)."
        )
    audio = options.reference_audio
    spoken = audio and is_wav(audio) and transcript(options)
    if not (options.prompt_styles or spoken):
        raise PlanError(
            f"--teacher {info.name} needs a prompt: --reference-audio with a WAV of the voice "
            "and --reference-text with its words (or a text file next to it), or --prompt-style "
            "for each style."
        )


def _check_plain(options: Options, stages: Sequence[str]) -> None:
    """Reject prompts that no teacher takes, and a stage reference without any source."""
    if options.prompt_styles and not options.tts_url:
        able = [info.name for info in TEACHERS.values() if info.needs_prompt]
        raise PlanError(
            f"--prompt-style is for a cloning teacher: --teacher {' or '.join(able)}, or --tts-url."
        )
    if "reference" in stages and not (
        options.reference_audio or options.tts_url or options.target_audio
    ):
        raise PlanError(
            "The stage reference needs a teacher: --reference-audio with recordings of the voice, "
            "or --tts-url with the address of a speech server; or clips with --target-audio."
        )


def check_student(student: str, options: Options, stages: Sequence[str]) -> None:
    """Reject a student that cannot run here, and a search that does not work with it."""
    info, speaks = STUDENTS[student], "evolve" in stages or "validate" in stages
    if info.needs_models and speaks and not options.model_dir.is_dir():
        raise PlanError(
            f"--student {student}: {options.model_dir} is not there; get its files with "
            f"`{info.install_hint}`, or name their folder with --model-dir."
        )
    if "evolve" not in stages:
        return
    try:
        check_base_voices(options.base_voices, student, options.model_dir)
        if options.strategy:
            check_strategy(options.strategy, student)
    except RecipeError as error:
        raise PlanError(as_option(error)) from error


def as_option(error: Exception) -> str:
    """Return the message with its field replaced by the name of the command-line option."""
    field, colon, rest = str(error).partition(": ")
    known = colon and field in {one.name for one in fields(Options)}
    return f"--{field.replace('_', '-')}: {rest}" if known else str(error)


def check_references(recipe: RunRecipe) -> None:
    for style in recipe.styles:
        if not style.reference_texts and not style.targets:
            raise PlanError(
                f"--reference-audio: no take of the style {style.key}; record some "
                f"(like shcc-01_{style.key}.wav), or leave the style out with --styles."
            )
