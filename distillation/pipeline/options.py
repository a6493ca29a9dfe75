"""Options of `run_pipeline`: what was asked for, as it was said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STAGES = ("reference", "evolve", "validate", "deploy")
PRECISIONS = ("fp32", "bf16", "auto")


class PlanError(ValueError):
    """Options that do not fit together; the message names the option and what to do."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was asked for; empty or None where nothing was."""

    stage: str
    reference_audio: Path | None
    reference_text: str
    tts_url: str
    target_audio: tuple[str, ...]
    steps: int | None
    minutes: float | None
    goal: float | None
    patience: int | None
    weights: tuple[str, ...]
    precision: str
    base_voices: tuple[str, ...]
    styles: tuple[str, ...]
    student: str
    teacher: str
    strategy: str
    seed: int | None
    out: Path
    voices_dir: Path
    model_dir: Path
    force: bool
    corpus_dir: Path
    default_student: str
    default_precision: str
    prompt_styles: tuple[str, ...] = ()  # STYLE=WAV:TEXT
    jobs: int = 1


def is_wav(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() != ".json"


def transcript(options: Options) -> str:
    """Return the words of the WAV: as given, or of the text file beside it."""
    if options.reference_text or options.reference_audio is None:
        return options.reference_text
    beside = options.reference_audio.with_suffix(".txt")
    try:
        return beside.read_text(encoding="utf-8").strip() if beside.is_file() else ""
    except UnicodeDecodeError as error:
        raise PlanError(
            f"--reference-audio: {beside} is not UTF-8; save it so, or say its words with "
            "--reference-text."
        ) from error
