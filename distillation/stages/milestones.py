"""Milestones: which packs of a search to keep, so that it can be heard at 0, 25, 50 and 100 %."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import count

PARTS = (0.0, 0.25, 0.5, 1.0)
RATIO = 2**0.25  # between neighbours of the grid: a part is met within 9 % of itself


def marks(end: int) -> list[int]:
    """Return the steps at the parts of a search of so many steps."""
    return [round(part * end) for part in PARTS]


def wanted(step: int, steps: int, *, open_ended: bool) -> set[int]:
    """Return the steps up to `step` whose best pack must be at hand at `step`.

    Parameters
    ----------
    step : int
        Where the search is.
    steps : int
        Where it ends at the latest.
    open_ended : bool
        Whether it may end anywhere before: then also a grid of steps, each `RATIO` times the
        one before, from a quarter of `step` on; what lies before can be a part of no end.
    """
    kept = {mark for mark in marks(steps) if mark <= step}
    if open_ended:
        kept |= {at for at in _grid(step) if at * RATIO >= step * PARTS[1]}
    return kept


def best_at(step: int, improved: Sequence[int]) -> int:
    """Return the step of the last improvement at or before `step`; `improved` ascends from 0."""
    return improved[bisect_right(improved, step) - 1]


def chosen(end: int, improved: Sequence[int], kept: Iterable[int]) -> dict[int, int]:
    """Return for each part of a search that ended at `end` a step and its best's improvement.

    The step is the part's own where the pack that was best there is in `kept`; else the
    nearest at which a kept pack was the best.
    """
    spans = {at: _span(at, improved, end) for at in kept}
    parts: dict[int, int] = {}
    for mark in marks(end):
        label, at = min(
            ((min(max(mark, low), high), at) for at, (low, high) in spans.items()),
            key=lambda found: (abs(found[0] - mark), found),
        )
        parts[label] = at
    return parts


def _grid(last: int) -> list[int]:
    steps: list[int] = []
    for power in count():
        at = round(RATIO**power)
        if at > last:
            return steps
        steps.append(at)
    return steps


def _span(at: int, improved: Sequence[int], end: int) -> tuple[int, int]:
    after = bisect_right(improved, at)
    return at, improved[after] - 1 if after < len(improved) else end
