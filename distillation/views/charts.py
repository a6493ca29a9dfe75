"""Charts as numbers that a template draws as SVG: percentages of a box, no drawing library."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from distillation.models import ScorePoint, StyleRun

PARTS = (
    *("score", "target_similarity", "self_similarity", "feature_similarity"),
    "diversity",
)
MINUTE = 60.0
MAX_PLACES = 200
Position = Callable[[ScorePoint], float]


@dataclass(frozen=True)
class Tick:
    value: float
    place: str  # percent from the top


@dataclass(frozen=True)
class Line:
    key: str  # of the style or run
    points: str  # of an SVG polyline, in a box of 100 × 100
    end_x: str
    end_y: str
    last: float
    at: str  # x of every improvement as a share of the box, 0-1, and below its value
    values: str


@dataclass(frozen=True)
class Chart:
    name: str
    lines: list[Line]
    y_ticks: list[Tick]
    digits: int
    x_ticks: list[float]
    x_digits: int = 0
    x_name: str = "steps"

    @property
    def x_end(self) -> float:
        return self.x_ticks[-1]

    @property
    def places(self) -> int:
        """Return into how many places the keyboard divides the x axis."""
        return min(MAX_PLACES, max(1, round(self.x_end))) if not self.x_digits else MAX_PLACES

    @property
    def value_digits(self) -> int:
        return 2 if self.lines and self.lines[0].last > 1 else 3


@dataclass(frozen=True)
class Series:
    """One line to draw: its points, the function of their x value, and the x value reached."""

    key: str
    points: Sequence[ScorePoint]
    at: Position
    until: float


def curves(style_runs: Sequence[StyleRun], points: Iterable[ScorePoint]) -> list[Chart]:
    """Return a chart of the score and of each of its parts, a line per style; none if empty."""
    by_style = grouped(points)
    series = [
        Series(row.style, by_style[row.pk], _step, row.step)
        for row in style_runs
        if row.pk in by_style
    ]
    end = max((_end(row) for row in style_runs if row.pk in by_style), default=0)
    return [chart(part, series, end) for part in PARTS] if series else []


def compared(rows: Sequence[tuple[str, StyleRun]], points: Iterable[ScorePoint]) -> list[Chart]:
    """Return the scores of one style in several runs, over evaluations and over minutes."""
    by_style = grouped(points)
    known = [(key, row, by_style[row.pk]) for key, row in rows if row.pk in by_style]
    if not known:
        return []
    evaluations = [
        Series(key, found, _evaluations(row), row.evaluations) for key, row, found in known
    ]
    minutes = [Series(key, found, _minutes, row.seconds / MINUTE) for key, row, found in known]
    return [
        chart(PARTS[0], series, max(curve.until for curve in series), name=name)
        for name, series in (("evaluations", evaluations), ("minutes", minutes))
    ]


def grouped(points: Iterable[ScorePoint]) -> dict[int, list[ScorePoint]]:
    """Return the points by the key of their style run."""
    by_style: dict[int, list[ScorePoint]] = {}
    for point in points:
        by_style.setdefault(point.style_run_id, []).append(point)
    return by_style


def chart(part: str, series: Sequence[Series], end: float, *, name: str = "") -> Chart:
    """Return the chart of one part of the score, with a line per series; x runs from 0 to `end`."""
    values = [getattr(point, part) for curve in series for point in curve.points]
    ticks = nice_ticks(min(values), max(values), 4 if part == PARTS[0] else 2)
    low, high = ticks[0], ticks[-1]
    return Chart(
        name=name or part,
        lines=[_line(curve, part, end or 1.0, low, high) for curve in series],
        y_ticks=[Tick(tick, _percent(_from_top(tick, low, high))) for tick in ticks],
        digits=max(0, -floor(log10(ticks[1] - ticks[0]))),
        x_ticks=[0, end / 2, end],
        x_digits=max(0, 1 - floor(log10(end))) if 0 < end < 10 and end % 1 else 0,
        x_name=name or "steps",
    )


def _line(curve: Series, part: str, end: float, low: float, high: float) -> Line:
    """Return the best value so far as steps: constant between improvements, and up to `until`."""
    corners: list[tuple[float, float]] = []
    for point in curve.points:
        x, y = 100 * curve.at(point) / end, _from_top(getattr(point, part), low, high)
        corners += [(x, corners[-1][1]), (x, y)] if corners else [(x, y)]
    last = 100 * max(curve.until, curve.at(curve.points[-1])) / end
    corners.append((last, corners[-1][1]))
    return Line(
        key=curve.key,
        points=" ".join(f"{x:.2f},{y:.2f}" for x, y in corners),
        end_x=_percent(corners[-1][0]),
        end_y=_percent(corners[-1][1]),
        last=getattr(curve.points[-1], part),
        at=" ".join(f"{curve.at(point) / end:.4f}" for point in curve.points),
        values=" ".join(f"{getattr(point, part):.4f}" for point in curve.points),
    )


def _step(point: ScorePoint) -> float:
    return point.step


def _minutes(point: ScorePoint) -> float:
    return point.seconds / MINUTE


def _evaluations(row: StyleRun) -> Position:
    """Return the evaluations at a point, including those of the start, which cost as much."""
    start = row.evaluations - row.step
    return lambda point: start + point.step


def _end(row: StyleRun) -> int:
    """Return the last step: the one reached if a rule stopped the search, else those planned."""
    return row.step if row.stopped else row.steps


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """Return about `count` round numbers, at least two, whose range includes `low` and `high`."""
    span = max(high - low, 1e-3)
    size = 10 ** floor(log10(span / count))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor * count >= span)
    first, last = floor(low / step), ceil(high / step)
    return [step * number for number in range(first, max(last, first + 1) + 1)]


def _from_top(value: float, low: float, high: float) -> float:
    return 100 * (high - value) / (high - low)


def _percent(value: float) -> str:
    return f"{value:.2f}%"
