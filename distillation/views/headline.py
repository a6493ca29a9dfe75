"""The headline figure of a voice: its held-out score, and the change against start and service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Headline:
    """Figures of an evolved voice on held-out sentences; None where its report lacks them.

    Attributes
    ----------
    score, gain : float, float
        0-100, and the change against the start.
    similarity : dict or None
        Similarity to the target: mean, low and high of its 95 % interval.
    over_start, over_deployed : dict or None
        Its change against the start, and against the voice in service when it was validated.
    is_worse : bool
        Whether a measure is worse than the start's.
    """

    score: float
    gain: float
    similarity: Mapping[str, Any] | None
    over_start: Mapping[str, Any] | None
    over_deployed: Mapping[str, Any] | None
    is_worse: bool


def headline(report: Mapping[str, Any]) -> Headline | None:
    """Return the headline figures of a style's report; None before its validation."""
    if "evolved" not in report:
        return None
    similarity = report.get("similarity") or {}
    return Headline(
        score=report["evolved"]["score"]["total"],
        gain=report["gain"]["total"],
        similarity=similarity.get("evolved"),
        over_start=similarity.get("gain"),
        over_deployed=similarity.get("over_deployed"),
        is_worse=bool(report.get("worse")) or report["gain"]["total"] < 0,
    )
