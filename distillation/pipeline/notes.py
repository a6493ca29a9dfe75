"""JSON notes next to the results in a folder: what each result was made with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpus.files import sha256_of
from distillation.recipe import RunRecipe


def note_path(pack: Path) -> Path:
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
