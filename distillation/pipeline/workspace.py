"""The folder of a run: where each style's files lie, the metadata next to them, and the lock."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from corpus.files import sha256_of
from distillation.recipe import RunRecipe
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
    def target_texts(self) -> tuple[str, ...]:
        note = read_json(self.target.with_suffix(".json")) or {}
        return tuple(note.get("texts", ()))

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

    def of_style(self, style: str) -> FolderWorkspace:
        return replace(self, style=style)


def note_path(pack: Path) -> Path:
    """Return the path of the JSON metadata of a voice: what it was made with."""
    return pack.with_suffix(".json")


def set_aside_path(stored: Path, identity: str) -> Path:
    """Return the path where a checkpoint of other inputs is set aside."""
    return stored.with_stem(f"{stored.stem}-{identity[:8]}")


def is_current(note: Path, inputs: str, result: Path) -> bool:
    """Return whether the result exists, is unchanged, and was made from these inputs."""
    about = read_json(note)
    if not about or about.get("inputs") != inputs or not result.exists():
        return False
    return bool(about.get("sha256") == sha256_of(result))


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in the file, or None if it is missing or not readable."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def recipe_in(note: Path) -> RunRecipe | None:
    """Return the recipe a target or voice was made with, or None if its note has none."""
    return as_recipe((read_json(note) or {}).get("recipe"))


def made_with(recipe: RunRecipe, style: str, target: Path) -> RunRecipe:
    """Return the recipe of a style's search, with the teacher that made its target.

    Targets in a folder may be made by different teachers; takes, prompts and the licence of a
    teacher's weights must be recorded with the voice.
    """
    own = recipe_in(target.with_suffix(".json"))
    if own is None or style not in own.style_keys:
        return recipe
    made_by = own.style(style), own.teacher, own.teacher_options
    if made_by == (recipe.style(style), recipe.teacher, recipe.teacher_options):
        return recipe
    newer = {name: at for name, at in recipe.versions.items() if name in own.versions}
    return replace(
        recipe,
        styles=(own.style(style),),
        teacher=own.teacher,
        teacher_options=own.teacher_options,
        versions=own.versions | newer,
        inputs=own.inputs,
    )


def as_recipe(data: Any) -> RunRecipe | None:
    """Return the recipe, or None if the JSON is not a recipe."""
    try:
        return RunRecipe.from_json(data) if isinstance(data, dict) else None
    except (KeyError, TypeError, ValueError):
        return None


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
    """Return whether the open file is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
