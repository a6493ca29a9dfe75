"""Geometry of the plots of results: effects and means with intervals, answers as bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distillation.listening_tests.scales import SCALES, SHARES, Kind
from distillation.listening_tests.wording import answers

MEAN_LIMITS = (1.0, 5.0)
Names = Mapping[int, str]


@dataclass(frozen=True)
class Tick:
    """A figure of the axis and its place."""

    text: float
    x: str


@dataclass(frozen=True)
class Row:
    """An estimate as text and as percentages of the plot's width."""

    name: str
    found: Mapping[str, Any]
    x: str
    low_x: str
    high_x: str
    verdict: str = ""  # better, worse, open
    other: Mapping[str, Any] | None = None  # with every listener


@dataclass(frozen=True)
class Plot:
    rows: Sequence[Row]
    ticks: Sequence[Tick]
    digits: int
    null_x: str = ""


@dataclass(frozen=True)
class Bar:
    words: Any
    count: int
    width: str


def effect_plot(
    kind: Kind, kept: Sequence[Mapping[str, Any]], whole: Sequence[Mapping[str, Any]], names: Names
) -> Plot:
    """Return the effects of pairs of voices, each with that of all listeners beside it."""
    scale = SCALES[kind]
    every = {(one["first"], one["second"]): one for one in whole}
    rows = [
        _row(
            f"{names[one['first']]} / {names[one['second']]}",
            one,
            (scale.low, scale.high),
            verdict=_verdict(one, scale.null),
            other=every.get((one["first"], one["second"])),
        )
        for one in kept
    ]
    limits = scale.low, scale.high
    values = (
        (0.0, 0.25, 0.5, 0.75, 1.0) if kind in SHARES else range(int(limits[0]), int(limits[1]) + 1)
    )
    ticks = [Tick(value, _percent(value, limits)) for value in values]
    return Plot(rows, ticks, 2 if kind in SHARES else 0, _percent(scale.null, limits))


def mean_plot(means: Mapping[str, Mapping[str, Any]], names: Names) -> Plot:
    """Return the mean rating of each voice."""
    rows = [_row(names[int(key)], found, MEAN_LIMITS) for key, found in means.items()]
    return Plot(rows, [Tick(value, _percent(value, MEAN_LIMITS)) for value in range(1, 6)], 0)


def answer_bars(
    kind: Kind, groups: Sequence[Mapping[str, Any]], names: Names
) -> list[dict[str, Any]]:
    """Return how often each answer was given; of a pair, A is the voice named second."""
    words = {str(value): text for _, value, text in answers(kind)}
    shown = []
    for group in groups:
        most = max(1, *group["counts"].values())
        # favour of the first voice is positive, as that of B on the scale
        name = " / ".join(names[voice] for voice in reversed(group["voices"]))
        bars = [
            Bar(words[value], count, f"{100 * count / most:.2f}%")
            for value, count in group["counts"].items()
        ]
        shown.append(
            {
                "name": name,
                "bars": bars,
                "a": names[group["voices"][-1]],
                "b": names[group["voices"][0]],
            }
        )
    return shown


def _row(name: str, found: Mapping[str, Any], limits: tuple[float, float], **more: Any) -> Row:
    known = found["low"] is not None
    low, high = (found["low"], found["high"]) if known else (found["value"],) * 2
    return Row(
        name=name,
        found=found,
        x=_percent(found["value"], limits),
        low_x=_percent(low, limits),
        high_x=_percent(high, limits),
        **more,
    )


def _verdict(found: Mapping[str, Any], null: float) -> str:
    if found["low"] is None or found["low"] <= null <= found["high"]:
        return "open"
    return "better" if found["value"] > null else "worse"


def _percent(value: float, limits: tuple[float, float]) -> str:
    low, high = limits
    return f"{100 * min(1.0, max(0.0, (value - low) / (high - low))):.2f}%"
