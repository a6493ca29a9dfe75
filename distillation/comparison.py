"""Comparison: in what recipes differ, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from distillation.recipe import RunRecipe

LEFT_OUT = ("inputs",)  # hashes: the names they belong to are compared


def differences(recipes: Sequence[RunRecipe]) -> dict[str, list[Any]]:
    """Return the fields in which recipes differ, each with its value in every recipe.

    Parameters
    ----------
    recipes : sequence of RunRecipe
        Two or more.

    Returns
    -------
    dict of str to list
        Names of nested fields are joined by points (``weights.self``, ``styles.neutral.speed``),
        in the order of the recipe; None where a recipe has no such field.
    """
    flat = [_flat(_named(recipe)) for recipe in recipes]
    names = dict.fromkeys(name for one in flat for name in one)
    found = {name: [one.get(name) for one in flat] for name in names}
    return {name: values for name, values in found.items() if any(v != values[0] for v in values)}


def _named(recipe: RunRecipe) -> dict[str, Any]:
    data = {name: value for name, value in recipe.to_json().items() if name not in LEFT_OUT}
    data["styles"] = {style["key"]: _without_key(style) for style in data["styles"]}
    return data


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
