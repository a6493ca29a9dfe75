"""The validation report of a folder: read with every key it must have, merged style by style."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distillation.pipeline import release
from distillation.pipeline.notes import read_json
from distillation.pipeline.workspace import FolderWorkspace
from distillation.recipe import RunRecipe
from distillation.stages.base import StageError
from distillation.stages.validate import KINDS
from distillation.voicepack import PackError


def read(path: Path) -> dict[str, Any]:
    """Return the report; an empty one where there is none.

    Raises
    ------
    StageError
        `bad_report`: it is no report, or lacks a key that every report has.
    """
    report = read_json(path)
    if report is None:
        if path.exists():
            raise _fault(path, "it is no JSON object")
        return {}
    try:
        _check(report)
    except (KeyError, TypeError, AttributeError) as error:
        raise _fault(path, f"a key is missing or of another kind ({error})") from error
    return report


def readable(path: Path) -> dict[str, Any]:
    """Return the report; an empty one where there is none that can be used."""
    try:
        return read(path)
    except StageError:
        return {}


def is_audible(path: Path, report: Mapping[str, Any]) -> bool:
    """Tell whether every sound is there that the report names."""
    sounds = [one for style in report["styles"].values() for one in style["audio"]]
    names = {one[kind] for one in sounds for kind in KINDS if one[kind]}
    return all((path.parent / "audio" / name).exists() for name in names)


def still_valid(before: Mapping[str, Any], recipe: RunRecipe, out: Path) -> list[dict[str, Any]]:
    """Return what an earlier report says of styles that are not in the recipe.

    Only where the voice is the one that was validated, over the same sentences.
    """
    if list(before.get("held_out_texts", ())) != list(recipe.held_out_texts):
        return []
    others = {key: one for key, one in before["styles"].items() if key not in recipe.style_keys}
    return [one for key, one in others.items() if _is_current(one, out, key, recipe.student)]


def _is_current(report: Mapping[str, Any], out: Path, style: str, engine: str) -> bool:
    try:
        return release.is_validated(report, FolderWorkspace(out, style).pack(), engine)
    except PackError:
        return False


def _check(report: Mapping[str, Any]) -> None:
    """Touch everything that the stages read."""
    for key in ("passed", "held_out_texts"):
        report[key]
    for key in ("passed", "reason"):
        report["differentiation"][key]
    for style in report["styles"].values():
        for key in ("sha256", "score", "prosody"):
            style["evolved"][key]
        for check in style["checks"]:
            check["name"], check["value"], check["passed"], check["reason"]
        for one in style["audio"]:
            [one[kind] for kind in KINDS]


def _fault(path: Path, why: str) -> StageError:
    return StageError(
        "bad_report", f"{path}: {why}; delete it and run --stage validate, which writes it anew."
    )
