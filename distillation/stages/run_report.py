"""The validation report of a run, put together from the reports of its styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from corpus.audio.profile import Baseline, Profile, quality, style_part
from corpus.audio.prosody import Prosody
from corpus.files import write_json
from distillation.recipe import RunRecipe
from distillation.stages.compared_checks import add_compared_checks
from distillation.stages.differentiation import MEASURES, Differentiation, differentiation
from distillation.stages.style_direction import NEUTRAL, confusion
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


def profile_fit(
    styles: Mapping[str, Mapping[str, Any]], profiles: Mapping[str, Profile]
) -> dict[str, list[dict[str, Any]]]:
    """Compare each style with its profile as takes are (`corpus.audio.profile`).

    The baseline is the neutral voice of the same run, so that speakers of any pitch are compared
    alike. The voices are measured as their packs speak, without the gain and speed of a delivery.

    Parameters
    ----------
    styles : mapping of str to mapping
        Style reports in JSON, with the prosody of each held-out sentence.
    profiles : mapping of str to mapping
        Accepted band (low, high) of each measure, by style.

    Returns
    -------
    dict
        For each style with a profile, but the neutral, a part for each measure
        (`corpus.audio.profile.Part`) of the means over the held-out sentences. Empty without a
        neutral voice.
    """
    with_profile = [key for key in styles if key != NEUTRAL and profiles.get(key)]
    if NEUTRAL not in styles or not with_profile:
        return {}
    baseline = Baseline.of(_prosody(styles[NEUTRAL]))
    return {key: _fit(styles[key], profiles[key], baseline) for key in with_profile}


def _prosody(report: Mapping[str, Any]) -> list[Prosody]:
    return [Prosody.from_json(one) for one in report["evolved"]["prosody"]]


def _fit(
    report: Mapping[str, Any], profile: Profile, baseline: Baseline | None
) -> list[dict[str, Any]]:
    values: dict[str, list[float]] = {}
    for sentence in _prosody(report):
        for part in quality(sentence, (), profile, baseline).parts:
            values.setdefault(part.code, []).append(part.value)
    return [
        asdict(style_part(code, fmean(found), (profile[code][0], profile[code][1])))
        for code, found in values.items()
    ]
