"""Release: which voices of a folder may be deployed, and what the manifest tells of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distillation import voicepack
from distillation.pipeline.notes import note_of, recipe_in
from distillation.recipe import RunRecipe


def unfit(packs: Mapping[str, Path], engine: str, report: Mapping[str, Any]) -> str:
    """Return why the packs may not be deployed and what to do; empty when they may."""
    for style, path in packs.items():
        found = report.get("styles", {}).get(style)
        if not found:
            return f"{style}: not validated. Run --stage validate"
        if not is_validated(found, path, engine):
            return f"{style}: {path} is not the pack that was validated. Run --stage validate"
        failed = [check for check in found["checks"] if not check["passed"]]
        if failed:
            unmade = failed[0]["value"] is None
            advice = "Run --stage validate" if unmade else "Evolve further"
            return f"{style}: did not pass: {failed[0]['reason']} {advice}"
    if not report["differentiation"]["passed"]:
        return f"styles: {report['differentiation']['reason']} Evolve further"
    return ""


def about(style: str, path: Path, recipe: RunRecipe, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return whence a pack is: the recipe it was evolved with, and figures if they are its own."""
    made = recipe_in(note_of(path)) or recipe
    found = report.get("styles", {}).get(style)
    own = found and is_validated(found, path, recipe.student)
    figures = {"held_out": found["evolved"]["score"]} if own else {}
    return {"recipe": made.fingerprint(), **made.about_weights, **figures}


def is_validated(found: Mapping[str, Any], path: Path, engine: str) -> bool:
    """Tell whether a style's report is of the pack in this file."""
    return bool(found["evolved"]["sha256"] == voicepack.load(path, engine=engine).sha256)
