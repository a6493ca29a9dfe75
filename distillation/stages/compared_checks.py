"""Checks that compare the styles of a run: each against neutral, and all as one speaker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from distillation.stages import second_opinion, style_direction
from distillation.stages.checks import ONE_SPEAKER, STYLE_DIRECTION, Check, at_least
from distillation.stages.evidence import speaker_distance

LOSSES = {"total": 0.5, "target": 0.005, "self": 0.02}  # of a score, that count as worse
NATURALNESS_LOSS = 0.1


def worse(report: Mapping[str, Any]) -> list[str]:
    """Return in which measures a voice got worse than its start on held-out sentences.

    `total`, `target`, `self` and `naturalness`, in this order; changes that one sentence more or
    less would turn round are left out. `second_measure` if it is flagged, by however little.
    """
    gain = report.get("gain", {})
    found = [name for name, loss in LOSSES.items() if gain.get(name, 0.0) < -loss]
    natural = report.get("naturalness")
    if natural and natural["evolved"]["mean"] < natural["start"]["mean"] - NATURALNESS_LOSS:
        found.append("naturalness")
    if (report.get(second_opinion.NAME) or {}).get("flagged"):
        found.append(second_opinion.NAME)
    return found


def add_compared_checks(styles: dict[str, dict[str, Any]], thresholds: Mapping[str, float]) -> None:
    """Add to each style's report the checks that need the others', where a recipe asks for them.

    Made again each time, so that a report that is built twice does not contain them twice.
    """
    ours = (STYLE_DIRECTION, ONE_SPEAKER)
    found = style_direction.directions(styles)
    speaker = _one_speaker(styles, thresholds)
    for key, report in styles.items():
        checks = [check for check in report["checks"] if check["name"] not in ours]
        if STYLE_DIRECTION in thresholds and key in found:
            report["direction"] = found[key]
            made = style_direction.check(found[key], thresholds[STYLE_DIRECTION])
            checks.append(asdict(made))
        checks += [asdict(speaker)] if speaker else []
        report["checks"], report["worse"] = checks, worse(report)
        report["passed"] = all(check["passed"] for check in checks)


def _one_speaker(
    styles: Mapping[str, Mapping[str, Any]], thresholds: Mapping[str, float]
) -> Check | None:
    """Return the check that all styles are one person; None for one style or older reports."""
    known = [one.get("similarity", {}).get("embeddings") for one in styles.values()]
    if ONE_SPEAKER not in thresholds or len(known) < 2 or not all(known):
        return None
    lowest = speaker_distance(known)
    if lowest is None:
        return None
    what = "lowest similarity of two styles as one speaker"
    return at_least(ONE_SPEAKER, lowest, thresholds[ONE_SPEAKER], what)
