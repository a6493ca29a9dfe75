"""Calibration of the quality score against human verdicts, and the best threshold."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

BINS = 10
ENOUGH = 30  # with fewer verdicts the estimates are unreliable
_Z = 1.96  # 95 %
WIDTH, HEIGHT = 720, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 12, 14, 44


@dataclass(frozen=True)
class Judged:
    """One reviewed take: its score, 0-1, and whether it was accepted."""

    score: float
    accepted: bool


@dataclass(frozen=True)
class Bin:
    """Takes with a score in [low, high): their number and how many were accepted."""

    low: float
    high: float
    n: int
    accepted: int

    @property
    def share(self) -> float:
        return self.accepted / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % score interval of the share (Wilson 1927, JASA 22, 209-212)."""
        n, p = self.n, self.share
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Line:
    """Precision and recall of one threshold, 0-1; None if undefined for lack of takes.

    Precision is the share of accepted takes among those at or above the threshold, recall the
    share of the accepted takes that are at or above it.
    """

    threshold: float
    over: int
    precision: float | None
    recall: float | None

    @property
    def f1(self) -> float:
        if not self.precision or not self.recall:
            return 0.0
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def bins(judged: Iterable[Judged]) -> list[Bin]:
    """Histogram takes by score in ten bins of equal width; empty bins are omitted."""
    counts = [[0, 0] for _ in range(BINS)]
    for take in judged:
        cell = counts[min(BINS - 1, max(0, int(take.score * BINS)))]
        cell[0] += 1
        cell[1] += take.accepted
    return [Bin(k / BINS, (k + 1) / BINS, n, yes) for k, (n, yes) in enumerate(counts) if n]


def line(judged: Sequence[Judged], threshold: float) -> Line:
    """Compute precision and recall of a threshold on reviewed takes."""
    return _lines(judged, [threshold])[0]


def lines(judged: Sequence[Judged]) -> list[Line]:
    """Return precision and recall for the thresholds 0.00, 0.01, …, 1.00."""
    return _lines(judged, [k / 100 for k in range(101)])


def _lines(judged: Sequence[Judged], thresholds: Iterable[float]) -> list[Line]:
    scores = sorted(take.score for take in judged)
    accepted = sorted(take.score for take in judged if take.accepted)
    found = []
    for threshold in thresholds:
        over = len(scores) - bisect_left(scores, threshold)
        right = len(accepted) - bisect_left(accepted, threshold)
        found.append(
            Line(
                threshold,
                over,
                right / over if over else None,
                right / len(accepted) if accepted else None,
            )
        )
    return found


def proposed(judged: Sequence[Judged]) -> float | None:
    """Return the lowest threshold with the highest F1; None if all verdicts are the same."""
    if len({take.accepted for take in judged}) < 2:
        return None
    return max(lines(judged), key=lambda found: (found.f1, -found.threshold)).threshold


def figure(judged: Sequence[Judged], threshold: float | None, *, title: str) -> str:
    """Draw as SVG the accepted share by score, precision and recall by threshold, and `threshold`.

    The page's CSS sets the colours: classes `calibration-bin`, `-interval`, `-precision`,
    `-recall`, `-threshold`. `title` is escaped here.
    """
    sweep = lines(judged)
    parts = [_axes(), *(_bar(found) for found in bins(judged))]
    for name in ("precision", "recall"):
        points = [(at.threshold, value) for at in sweep if (value := getattr(at, name)) is not None]
        path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="calibration-{name}" points="{path}" fill="none"/>')
    if threshold is not None:
        x = _x(threshold)
        parts.append(
            f'<line class="calibration-threshold" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" '
            f'y2="{HEIGHT - _BOTTOM}"/>'
        )
    return (
        f'<svg class="calibration" role="img" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _x(score: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * score


def _y(share: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * share


def _bar(found: Bin) -> str:
    x, width = _x(found.low) + 3, _x(found.high) - _x(found.low) - 6
    low, high = found.interval
    middle = x + width / 2
    return (
        f'<rect class="calibration-bin" x="{x:.1f}" y="{_y(found.share):.1f}" '
        f'width="{width:.1f}" height="{_y(0) - _y(found.share):.1f}"/>'
        f'<line class="calibration-interval" x1="{middle:.1f}" x2="{middle:.1f}" '
        f'y1="{_y(high):.1f}" y2="{_y(low):.1f}"/>'
    )


def _axes() -> str:
    across = "".join(
        f'<text x="{_x(k / 5):.1f}" y="{HEIGHT - 12}" text-anchor="middle">{k / 5:g}</text>'
        for k in range(6)
    )
    up = "".join(
        f'<line class="calibration-grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_y(k / 4):.1f}" '
        f'y2="{_y(k / 4):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{_y(k / 4) + 4:.1f}" text-anchor="end">{25 * k} %</text>'
        for k in range(5)
    )
    return across + up
