"""The validation report of a run, put together from the reports of its styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.files import write_json
from distillation.recipe import RunRecipe
from distillation.stages.compared_checks import add_compared_checks
from distillation.stages.differentiation import MEASURES, Differentiation, differentiation
from distillation.stages.style_direction import confusion
from distillation.stages.style_profile import profile_fit
from distillation.stages.validate import StyleReport


def build_report(
    recipe: RunRecipe, reports: Sequence[StyleReport | dict[str, Any]]
) -> dict[str, Any]:
    """Return the report of a run as plain JSON types, from style reports or their JSON.

    `passed` is true when every style passes its checks and the styles differ (see
    `stages.differentiation`); a single style has nothing to differ from. Checks that compare
    styles are added to those of each (`stages.compared_checks`).
    """
    plain = [one.to_json() if isinstance(one, StyleReport) else one for one in reports]
    styles = {report["style"]: dict(report) for report in plain}
    add_compared_checks(styles, recipe.thresholds)
    differ = _differentiation(styles, recipe.thresholds.get("differentiation", 0.0))
    return {
        "passed": all(style["passed"] and not got_worse(style) for style in styles.values())
        and differ.passed,
        "recipe": recipe.fingerprint(),
        "student": recipe.student,
        "teacher": recipe.teacher,
        "strategy": recipe.strategy,
        "steps": recipe.steps,
        "seed": recipe.seed,
        "thresholds": dict(recipe.thresholds),
        "held_out_texts": list(recipe.held_out_texts),
        "differentiation": differ.to_json(),
        "confusion": confusion(styles),
        "profile": profile_fit(styles, {style.key: style.profile for style in recipe.styles}),
        "styles": styles,
    }


def got_worse(style: Mapping[str, Any]) -> list[str]:
    """Return which of score and target similarity a style's voice lost on held-out sentences."""
    names = {"total": "score", "target": "similarity to the target"}
    return [names[name] for name in style.get("worse", ()) if name in names]


def write_report(path: str | Path, report: dict[str, Any]) -> None:
    """Write the report as JSON."""
    write_json(Path(path), report)


def _differentiation(styles: dict[str, Any], threshold: float) -> Differentiation:
    figures = {
        name: [[one.get(name) for one in style["evolved"]["prosody"]] for style in styles.values()]
        for name in MEASURES
    }
    return differentiation(figures, threshold)
