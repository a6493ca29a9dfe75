"""A folder as the workspace of a run: the paths of each style's files, and a lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from distillation.stages.base import StageError

LOCK_NAME = ".lock"


@dataclass(frozen=True)
class FolderWorkspace:
    """One style's files in the folder of a run; file names in the recipe already are paths."""

    out: Path
    style: str

    @property
    def target(self) -> Path:
        return self.out / "reference_audio" / self.style / "target.wav"

    @property
    def joined_prompt(self) -> Path:
        return self.target.with_name("prompt.wav")

    @property
    def audio_dir(self) -> Path:
        return self.out / "validation" / "audio"

    @property
    def checkpoint(self) -> Path:
        return self.out / "checkpoints" / f"{self.style}.npz"

    def input(self, name: str) -> Path:
        return Path(name)

    def pack(self, kind: str = "evolved") -> Path:
        folder = self.out / "evolved_voices"
        return (
            folder / f"{self.style}.pt" if kind == "evolved" else folder / kind / f"{self.style}.pt"
        )

    def milestone(self, step: int) -> Path:
        return self.out / "evolved_voices" / "milestones" / f"{self.style}-{step}.pt"


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Let only one process at a time work in the folder; the lock ends with the process.

    Raises
    ------
    StageError
        `out_in_use`: another process is working there.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK_NAME).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _in_use(out) from error
        if not _is_at(file, out / LOCK_NAME):  # its last holder has just removed it
            raise _in_use(out)
        try:
            yield
        finally:
            (out / LOCK_NAME).unlink(missing_ok=True)
            with suppress(OSError):  # not empty: it contains results
                out.rmdir()


def _in_use(out: Path) -> StageError:
    message = f"{out}: another run_pipeline works here; wait, or name another --out."
    return StageError("out_in_use", message)


def _is_at(file: IO[str], path: Path) -> bool:
    """Tell whether the open file is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
