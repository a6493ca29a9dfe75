"""Finds Kokoro's files in the model directory, without loading them."""

from __future__ import annotations

from pathlib import Path

from distillation.hub.sets import KOKORO

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
