"""Which stock voices a student has, and which engine speaks by default; nothing is loaded."""

from __future__ import annotations

from pathlib import Path

from distillation.engines.praat.voices import VOICES
from distillation.hub.sets import KOKORO

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


def default_engine(model_dir: Path, *, voices: int = LEAST_VOICES) -> str:
    """Return the engine to speak with where nobody names one.

    Parameters
    ----------
    model_dir : path
        Where Kokoro's files lie, if they do.
    voices : int
        Stock voices of Kokoro that are needed: two for a search, one for speaking.

    Returns
    -------
    str
        `kokoro` where its files are there, else `praat`, which needs none.
    """
    return "kokoro" if kokoro_is_there(model_dir, voices=voices) else "praat"


def kokoro_is_there(model_dir: Path, *, voices: int = LEAST_VOICES) -> bool:
    """Tell whether Kokoro's configuration, weights and so many of its voices are there."""
    parts = all((model_dir / part.target).is_file() for part in KOKORO.parts)
    return parts and len({path.stem for path in pack_paths(model_dir)}) >= voices


def pack_paths(model_dir: Path) -> list[Path]:
    """Return Kokoro's packs in their folder, then those beside the weights."""
    return [*sorted((model_dir / PACKS).glob("*.pt")), *sorted(model_dir.glob("*.pt"))]
