"""The figures a voice is known by: on held-out sentences, with intervals, against other voices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distillation.views.evidence import Change, worsened

Interval = Mapping[str, Any]  # mean, low, high; the last two None where they are not known


@dataclass(frozen=True)
class Figure:
    """A measure of the voice with its interval, and its differences from other voices.

    Attributes
    ----------
    name : str
        `score` or `similarity`.
    digits : int
        Decimals to show.
    now, over_start, over_deployed : mapping or None
        Of the voice; over the start; over the voice that was in service when it was validated.
    """

    name: str
    digits: int
    now: Interval
    over_start: Interval | None
    over_deployed: Interval | None


@dataclass(frozen=True)
class Headline:
    """What a style's report says of its voice in a line; None where an older one does not.

    Attributes
    ----------
    score : Figure
        0-100; older reports have it without intervals.
    similarity : Figure or None
        To the target, 0-1.
    natural, natural_before : float or None
        Predicted naturalness, 1-5, and that of the start.
    worse : list of Change
        Measures that are worse than the start's.
    style : str
        Its key.
    """

    score: Figure
    similarity: Figure | None
    natural: float | None
    natural_before: float | None
    worse: list[Change]
    style: str = ""

    @property
    def figures(self) -> list[Figure]:
        return [one for one in (self.score, self.similarity) if one]


def headlines(styles: Mapping[str, Mapping[str, Any]]) -> list[Headline]:
    """Return the headline of each validated style, those that got worse first."""
    found = [headline(report, key) for key, report in styles.items()]
    return sorted((one for one in found if one), key=lambda one: not one.worse)


def headline(style: Mapping[str, Any], key: str = "") -> Headline | None:
    """Return the headline figures of a style's report; None if the style is not validated."""
    if "evolved" not in style:
        return None
    natural = style.get("naturalness") or {}
    return Headline(
        score=_figure("score", 1, style.get("score_intervals") or _without_intervals(style)),
        similarity=_figure("similarity", 3, style["similarity"])
        if style.get("similarity")
        else None,
        natural=_mean(natural.get("evolved")),
        natural_before=_mean(natural.get("start")),
        worse=worsened(style),
        style=key,
    )


def _figure(name: str, digits: int, found: Mapping[str, Interval]) -> Figure:
    return Figure(name, digits, found["evolved"], found.get("gain"), found.get("over_deployed"))


def _without_intervals(style: Mapping[str, Any]) -> dict[str, Interval]:
    start, evolved = (style[kind]["score"]["total"] for kind in ("start", "evolved"))
    means = {"evolved": evolved, "gain": evolved - start}
    return {name: {"mean": mean, "low": None, "high": None} for name, mean in means.items()}


def _mean(interval: Interval | None) -> float | None:
    return float(interval["mean"]) if interval else None
