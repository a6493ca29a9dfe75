"""The figures a voice is known by: on held-out sentences, with intervals, against other voices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distillation.views.evidence import Change, worsened

Interval = Mapping[str, Any]  # mean, low, high


@dataclass(frozen=True)
class Headline:
    """What a style's report says of its voice in a line; None where an older one does not.

    Attributes
    ----------
    score, gain : float
        On held-out sentences, 0-100, and its change against the start.
    similarity, over_start, over_deployed : mapping or None
        To the target, with its interval; its gain over the start and over the voice that was in
        service when this one was validated.
    natural, natural_before : float or None
        Predicted naturalness, 1-5, and that of the start.
    worse : list of Change
        Measures that are worse than the start's.
    style : str
        Its key.
    """

    score: float
    gain: float
    similarity: Interval | None
    over_start: Interval | None
    over_deployed: Interval | None
    natural: float | None
    natural_before: float | None
    worse: list[Change]
    style: str = ""


def headlines(styles: Mapping[str, Mapping[str, Any]]) -> list[Headline]:
    """Return the headline of each validated style, those that got worse first."""
    found = [headline(report, key) for key, report in styles.items()]
    return sorted((one for one in found if one), key=lambda one: not one.worse)


def headline(style: Mapping[str, Any], key: str = "") -> Headline | None:
    """Return the headline figures of a style's report; None if the style is not validated."""
    if "evolved" not in style:
        return None
    similarity = style.get("similarity") or {}
    natural = style.get("naturalness") or {}
    score = {kind: style[kind]["score"]["total"] for kind in ("start", "evolved")}
    return Headline(
        score=score["evolved"],
        gain=score["evolved"] - score["start"],
        similarity=similarity.get("evolved"),
        over_start=similarity.get("gain"),
        over_deployed=similarity.get("over_deployed"),
        natural=_mean(natural.get("evolved")),
        natural_before=_mean(natural.get("start")),
        worse=worsened(style),
        style=key,
    )


def _mean(interval: Interval | None) -> float | None:
    return float(interval["mean"]) if interval else None
