"""Kokoro's files in the model directory: which there are; nothing is loaded."""

from __future__ import annotations

from pathlib import Path

from distillation.hub.sets import KOKORO

PACKS = "voices"  # folder of the packs, beside the weights


def pack_paths(model_dir: Path) -> list[Path]:
    """Return the packs in their folder, then those beside the weights."""
    return [*sorted((model_dir / PACKS).glob("*.pt")), *sorted(model_dir.glob("*.pt"))]


def voice_names(model_dir: Path) -> tuple[str, ...]:
    """Return the names of the voices that are there, Spanish ones first."""
    names = {path.stem for path in pack_paths(model_dir)}
    return tuple(sorted(names, key=lambda name: (not name.startswith("e"), name)))


def is_installed(model_dir: Path) -> bool:
    """Tell whether configuration and weights are there."""
    return all((model_dir / part.target).is_file() for part in KOKORO.parts)
