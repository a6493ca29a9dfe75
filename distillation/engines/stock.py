"""Which stock voices a student has, without loading the student."""

from __future__ import annotations

from pathlib import Path

from distillation.engines.praat_voices import VOICES

LEAST_VOICES = 2  # a search goes between them
PACKS = "voices"  # Kokoro's folder beside the weights


def stock_names(student: str, model_dir: Path) -> tuple[str, ...]:
    """Return the names of a student's stock voices, Kokoro's Spanish ones first.

    Parameters
    ----------
    student : str
        A key of `engines.STUDENTS`.
    model_dir : path
        Where Kokoro's packs lie.
    """
    if student == "praat":
        return tuple(VOICES)
    names = {path.stem for path in pack_paths(model_dir)}
    return tuple(sorted(names, key=lambda name: (not name.startswith("e"), name)))


def pack_paths(model_dir: Path) -> list[Path]:
    """Return Kokoro's packs in their folder, then those beside the weights."""
    return [*sorted((model_dir / PACKS).glob("*.pt")), *sorted(model_dir.glob("*.pt"))]
