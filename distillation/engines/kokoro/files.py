"""Finds Kokoro's files in the model directory, without loading them."""

from __future__ import annotations

from pathlib import Path

from distillation.engines.base import EngineError
from distillation.hub.sets import KOKORO

CONFIG, WEIGHTS = "config.json", "kokoro-v1_0.pth"
REPO = "hexgrad/Kokoro-82M"  # passed so that the package uses no default and fetches nothing
PACKS = "voices"  # folder of the packs, next to the weights


def pack_paths(model_dir: Path) -> list[Path]:
    """Return the packs in their folder, then those next to the weights."""
    return [*sorted((model_dir / PACKS).glob("*.pt")), *sorted(model_dir.glob("*.pt"))]


def voice_names(model_dir: Path) -> tuple[str, ...]:
    """Return the names of the installed voices, Spanish ones first."""
    names = {path.stem for path in pack_paths(model_dir)}
    return tuple(sorted(names, key=lambda name: (not name.startswith("e"), name)))


def is_installed(model_dir: Path) -> bool:
    """Return whether configuration and weights exist."""
    return all((model_dir / part.target).is_file() for part in KOKORO.parts)


def check_files(model_dir: Path) -> None:
    """Raise EngineError `missing_model`, which names the absent files, if there are any."""
    missing = [name for name in (CONFIG, WEIGHTS) if not (model_dir / name).is_file()]
    if missing:
        voices = ", ".join(voice_names(model_dir)) or "none"
        raise EngineError(
            "missing_model",
            f"Kokoro misses {' and '.join(str(model_dir / name) for name in missing)}. "
            "`manage.py models pull kokoro` fetches them, and voices; or put there the files "
            f"of that name from huggingface.co/{REPO}, and voices into "
            f"{model_dir / PACKS}/ (there now: {voices}).",
        )
