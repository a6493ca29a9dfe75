"""Curves as numbers a template draws as SVG: percentages of a box, no drawing library."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from distillation.models import ScorePoint, StyleRun

PARTS = (
    *("score", "target_similarity", "self_similarity", "feature_similarity"),
    "diversity",
)
MINUTE = 60.0
Place = Callable[[ScorePoint], float]


@dataclass(frozen=True)
class Tick:
    value: float
    place: str  # percent from the top


@dataclass(frozen=True)
class Line:
    key: str  # of the style or the run that is drawn
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
    x_ticks: list[float]
    x_digits: int = 0


@dataclass(frozen=True)
class Walk:
    """One line to draw: its points, where each lies along the bottom, and how far it is now."""

    key: str
    points: Sequence[ScorePoint]
    at: Place
    until: float


def curves(style_runs: Sequence[StyleRun], points: Iterable[ScorePoint]) -> list[Chart]:
    """Return a chart of the score and of each of its parts, a line per style; none, no chart."""
    by_style = grouped(points)
    walks = [
        Walk(row.style, by_style[row.pk], _step, row.step)
        for row in style_runs
        if row.pk in by_style
    ]
    end = max((_end(row) for row in style_runs if row.pk in by_style), default=0)
    return [chart(part, walks, end) for part in PARTS] if walks else []


def compared(rows: Sequence[tuple[str, StyleRun]], points: Iterable[ScorePoint]) -> list[Chart]:
    """Return the scores of one style in several runs, over evaluations and over minutes."""
    by_style = grouped(points)
    known = [(key, row, by_style[row.pk]) for key, row in rows if row.pk in by_style]
    if not known:
        return []
    evaluations = [
        Walk(key, found, _evaluations(row), row.evaluations) for key, row, found in known
    ]
    minutes = [Walk(key, found, _minutes, row.seconds / MINUTE) for key, row, found in known]
    return [
        chart(PARTS[0], walks, max(walk.until for walk in walks), name=name)
        for name, walks in (("evaluations", evaluations), ("minutes", minutes))
    ]


def grouped(points: Iterable[ScorePoint]) -> dict[int, list[ScorePoint]]:
    """Return the points of each style of a run."""
    by_style: dict[int, list[ScorePoint]] = {}
    for point in points:
        by_style.setdefault(point.style_run_id, []).append(point)
    return by_style


def chart(part: str, walks: Sequence[Walk], end: float, *, name: str = "") -> Chart:
    """Draw one part of the score of every walk, from 0 to `end` along the bottom."""
    values = [getattr(point, part) for walk in walks for point in walk.points]
    ticks = nice_ticks(min(values), max(values), 4 if part == PARTS[0] else 2)
    low, high = ticks[0], ticks[-1]
    return Chart(
        name=name or part,
        lines=[_line(walk, part, end or 1.0, low, high) for walk in walks],
        y_ticks=[Tick(tick, _percent(_down(tick, low, high))) for tick in ticks],
        digits=max(0, -floor(log10(ticks[1] - ticks[0]))),
        x_ticks=[0, end / 2, end],
        x_digits=max(0, 1 - floor(log10(end))) if 0 < end < 10 else 0,
    )


def _line(walk: Walk, part: str, end: float, low: float, high: float) -> Line:
    """Draw the best so far as stairs: it holds until the next improvement, and until now."""
    corners: list[tuple[float, float]] = []
    for point in walk.points:
        x, y = 100 * walk.at(point) / end, _down(getattr(point, part), low, high)
        corners += [(x, corners[-1][1]), (x, y)] if corners else [(x, y)]
    last = 100 * max(walk.until, walk.at(walk.points[-1])) / end
    corners.append((last, corners[-1][1]))
    return Line(
        key=walk.key,
        points=" ".join(f"{x:.2f},{y:.2f}" for x, y in corners),
        end_x=_percent(corners[-1][0]),
        end_y=_percent(corners[-1][1]),
        last=getattr(walk.points[-1], part),
    )


def _step(point: ScorePoint) -> float:
    return point.step


def _minutes(point: ScorePoint) -> float:
    return point.seconds / MINUTE


def _evaluations(row: StyleRun) -> Place:
    """Count the candidates of the start in: they cost as much as those of the walk."""
    start = row.evaluations - row.step
    return lambda point: start + point.step


def _end(row: StyleRun) -> int:
    """Return where the walk ends: where it ended, if a rule stopped it, else its steps."""
    return row.step if row.stopped else row.steps


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
