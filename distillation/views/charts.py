"""Curves as numbers a template draws as SVG: percentages of a box, no drawing library."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from distillation.models import ScorePoint, StyleRun

PARTS = ("score", "target_similarity", "self_similarity", "feature_similarity")


@dataclass(frozen=True)
class Tick:
    value: float
    place: str  # percent from the top


@dataclass(frozen=True)
class Line:
    style: str
    points: str  # of a polyline in a box of 100 × 100
    end_x: str
    end_y: str
    last: float


@dataclass(frozen=True)
class Chart:
    name: str
    lines: list[Line]
    y_ticks: list[Tick]
    digits: int
    x_ticks: list[int]


def curves(style_runs: Sequence[StyleRun], points: Iterable[ScorePoint]) -> list[Chart]:
    """Return a chart of the score and of each of its parts, a line per style; none, no chart."""
    by_style: dict[int, list[ScorePoint]] = {}
    for point in points:
        by_style.setdefault(point.style_run_id, []).append(point)
    walks = [
        (style_run, by_style[style_run.pk]) for style_run in style_runs if style_run.pk in by_style
    ]
    return [_chart(part, walks) for part in PARTS] if walks else []


def _chart(part: str, walks: list[tuple[StyleRun, list[ScorePoint]]]) -> Chart:
    values = [getattr(point, part) for _, points in walks for point in points]
    ticks = nice_ticks(min(values), max(values), 4 if part == PARTS[0] else 2)
    low, high = ticks[0], ticks[-1]
    digits = max(0, -floor(log10(ticks[1] - ticks[0])))
    steps = max(style_run.steps for style_run, _ in walks)
    return Chart(
        name=part,
        lines=[_line(style_run, points, part, steps, low, high) for style_run, points in walks],
        y_ticks=[Tick(tick, _percent(_down(tick, low, high))) for tick in ticks],
        digits=digits,
        x_ticks=[0, round(steps / 2), steps],
    )


def _line(
    style_run: StyleRun,
    points: list[ScorePoint],
    part: str,
    steps: int,
    low: float,
    high: float,
) -> Line:
    """Draw the best so far as stairs: it holds until the next improvement, and until now."""
    corners: list[tuple[float, float]] = []
    for point in points:
        x, y = 100 * point.step / steps, _down(getattr(point, part), low, high)
        corners += [(x, corners[-1][1]), (x, y)] if corners else [(x, y)]
    corners.append((100 * max(style_run.step, points[-1].step) / steps, corners[-1][1]))
    return Line(
        style=style_run.style,
        points=" ".join(f"{x:.2f},{y:.2f}" for x, y in corners),
        end_x=_percent(corners[-1][0]),
        end_y=_percent(corners[-1][1]),
        last=getattr(points[-1], part),
    )


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """Return about `count` round numbers, two or more, that enclose `low` and `high`."""
    span = max(high - low, 1e-3)
    size = 10 ** floor(log10(span / count))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor * count >= span)
    first, last = floor(low / step), ceil(high / step)
    return [step * number for number in range(first, max(last, first + 1) + 1)]


def _down(value: float, low: float, high: float) -> float:
    return 100 * (high - value) / (high - low)


def _percent(value: float) -> str:
    return f"{value:.2f}%"
