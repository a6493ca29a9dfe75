"""Target clips: one or more WAVs in the same folder that a style's voice is compared with."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TypeVar

from corpus.audio.io import read_wav
from corpus.audio.types import Audio, AudioError
from corpus.files import sha256, sha256_of
from distillation.stages.base import StageError

PathLike = TypeVar("PathLike", bound=PurePath)


def clip_paths(target: Path) -> list[Path]:
    """Return the clips of a target: the file itself, then ``target-2.wav`` etc. next to it.

    Raises
    ------
    StageError
        `no_target`: the file does not exist.
    """
    if not target.exists():
        raise StageError("no_target", f"{target}: no target there; run the stage reference first.")
    paths = [target]
    while (following := clip_path(target, len(paths) + 1)).exists():
        paths.append(following)
    return paths


def clip_path(target: PathLike, number: int) -> PathLike:
    """Return the path of the clip with this number, counted from 1."""
    return target if number == 1 else target.with_stem(f"{target.stem}-{number}")


def read_clips(target: Path) -> list[Audio]:
    """Read every clip of a target.

    Raises
    ------
    StageError
        `no_target`, `bad_target`.
    """
    try:
        return [read_wav(path) for path in clip_paths(target)]
    except AudioError as error:
        raise StageError("bad_target", f"{target}: {error}") from error


def clips_digest(target: Path) -> str:
    """Return the SHA-256 of a target: of its only file, or of the hashes of its clips."""
    hashes = [sha256_of(path) for path in clip_paths(target)]
    return hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode())


def clips_clear(target: Path) -> None:
    """Delete all clips but the first: they belong to an earlier target."""
    number = 2
    while (path := clip_path(target, number)).exists():
        path.unlink()
        number += 1
