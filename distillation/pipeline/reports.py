"""The validation report of a folder: reads and merges it, and decides what may be deployed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Any

from distillation import voicepack
from distillation.delivery import Delivery, fitted_in
from distillation.pipeline.workspace import FolderWorkspace, note_path, read_json, recipe_in
from distillation.recipe import RunRecipe
from distillation.stages.base import StageError
from distillation.stages.run_report import got_worse
from distillation.stages.validate import KINDS
from distillation.voicepack import PackError


def read(path: Path) -> dict[str, Any]:
    """Return the report; empty if there is none.

    Raises
    ------
    StageError
        `bad_report`: it is not a report, or lacks a key that every report has.
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
    """Return the report; empty if there is no valid one."""
    try:
        return read(path)
    except StageError:
        return {}


def is_audible(path: Path, report: Mapping[str, Any]) -> bool:
    """Return whether every audio file named in the report exists."""
    sounds = [one for style in report["styles"].values() for one in style["audio"]]
    names = {one[kind] for one in sounds for kind in KINDS if one.get(kind)}
    return all((path.parent / "audio" / name).exists() for name in names)


def still_valid(before: Mapping[str, Any], recipe: RunRecipe, out: Path) -> list[dict[str, Any]]:
    """Return the results in an earlier report for styles that are not in the recipe.

    Includes a style only if its voice and the held-out sentences are unchanged.
    """
    if list(before.get("held_out_texts", ())) != list(recipe.held_out_texts):
        return []
    others = {key: one for key, one in before["styles"].items() if key not in recipe.style_keys}
    return [one for key, one in others.items() if _is_current(one, out, key, recipe.student)]


def _is_current(report: Mapping[str, Any], out: Path, style: str, engine: str) -> bool:
    try:
        return is_validated(report, FolderWorkspace(out, style).pack(), engine)
    except PackError:
        return False


def _check(report: Mapping[str, Any]) -> None:
    """Access every key that the stages read, to raise on missing ones."""
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
            one["target"], one["start"], one["evolved"]


def _fault(path: Path, why: str) -> StageError:
    return StageError(
        "bad_report", f"{path}: {why}; delete it and run --stage validate, which writes a new one."
    )


def deliveries(
    path: Path, report: Mapping[str, Any], packs: Mapping[str, Path], engine: str
) -> dict[str, Delivery]:
    """Return the delivery that validation fitted for those packs that it validated."""
    fitted = {}
    for style, pack in packs.items():
        found = report.get("styles", {}).get(style)
        if not found or not is_validated(found, pack, engine):
            continue
        try:
            delivery = fitted_in(found)
        except ValueError as error:
            raise StageError(
                "bad_report",
                f"{path}: {style}: delivery: {error}; delete it and run --stage validate, which "
                "writes it again; or deploy with --plain-delivery.",
            ) from error
        if delivery:
            fitted[style] = delivery
    return fitted


def unfit(packs: Mapping[str, Path], engine: str, report: Mapping[str, Any]) -> str:
    """Return why the packs may not be deployed and what to do; empty if they may."""
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
        if lost := got_worse(found):
            return f"{style}: got worse on held-out sentences ({', '.join(lost)}). Evolve further"
    if not report["differentiation"]["passed"]:
        return f"styles: {report['differentiation']['reason']} Evolve further"
    return ""


def overridden(reason: str, why: str) -> dict[str, str]:
    """Return what a manifest keeps of an override: why, who, when, and against what."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"reason": reason, "by": _user(), "at": at, "against": f"{why}."}


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # in a container whose user has no name
        return str(os.getuid())


def about(style: str, path: Path, recipe: RunRecipe, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pack's provenance: its recipe, and its held-out score if that pack was validated."""
    made = recipe_in(note_path(path)) or recipe
    found = report.get("styles", {}).get(style)
    own = found and is_validated(found, path, recipe.student)
    figures = {"held_out": found["evolved"]["score"]} if own else {}
    return {"recipe": made.fingerprint(), **made.about_weights, **figures}


def is_validated(found: Mapping[str, Any], path: Path, engine: str) -> bool:
    """Return whether a style's report is about the pack in this file."""
    return bool(found["evolved"]["sha256"] == voicepack.load(path, engine=engine).sha256)
