"""Compares recipes field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from distillation.recipe import RunRecipe

LEFT_OUT = ("inputs",)  # hashes: the file names are compared instead


def differences(recipes: Sequence[RunRecipe]) -> dict[str, list[Any]]:
    """Return the fields in which recipes differ, each with its value in every recipe.

    Parameters
    ----------
    recipes : sequence of RunRecipe
        Two or more.

    Returns
    -------
    dict of str to list
        Names of nested fields are joined by dots (``weights.self``, ``styles.neutral.speed``),
        in the order of the recipe; None if a recipe has no such field. The fields of a style are
        compared only among the recipes that have it.
    """
    flat = [_flat(_named(recipe)) for recipe in recipes]
    names = dict.fromkeys(name for one in flat for name in one)
    return {
        name: [one.get(name) for one in flat]
        for name in names
        if _differs([one.get(name) for one in flat if not _is_foreign(name, one)])
    }


def _differs(values: Sequence[Any]) -> bool:
    return any(value != values[0] for value in values)


def _is_foreign(name: str, recipe: Mapping[str, Any]) -> bool:
    """Return whether the field belongs to a style that is not in the recipe."""
    head, _, rest = name.partition(".")
    return head == "styles" and bool(rest) and rest.partition(".")[0] not in recipe["styles"]


def _named(recipe: RunRecipe) -> dict[str, Any]:
    """Return the fields, with `styles` as a list of keys and each style's fields separately."""
    data = {name: value for name, value in recipe.to_json().items() if name not in LEFT_OUT}
    of_style = {f"styles.{style['key']}": _without_key(style) for style in data["styles"]}
    return {**data, "styles": list(recipe.style_keys), **of_style}


def _without_key(style: Mapping[str, Any]) -> dict[str, Any]:
    takes = sorted(style["takes"].values())
    return {name: value for name, value in style.items() if name != "key"} | {"takes": takes}


def _flat(data: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found
