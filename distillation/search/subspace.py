"""The search space: principal directions of the base voices, separately for each half."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distillation.search.base import Array, SearchError, checked_population

HALF = 128  # timbre before, prosody after
COMPONENTS = 20  # per half; 20 explain 86 % of the variance of Kokoro's 54 voices
BOUND = 3.0  # maximum distance of a coordinate from the base voices' mean, in their spreads

HALVES = (slice(0, HALF), slice(HALF, 2 * HALF))

Vector = NDArray[np.float64]


class Subspace:
    """Represents packs by few coordinates, each in spreads of the base voices along a direction.

    Timbre half and prosody half have separate directions, so that one voice's timbre can be
    combined with another's melody. A coordinate moves all rows equally: what is learned at one
    text length applies to all. Few voices span too small a space, so random orthogonal
    directions, always the same, are added until there are `least`.

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256), float32
        Its coordinates are `origin`; the differences between its rows are kept.
    population : ndarray, shape (n, rows, 1, 256), float32
        The base voices, n ≥ 2.
    least : (int, int)
        Minimum number of directions of timbre and of prosody.
    margin : float
        Margin, in spreads, around a start outside the bounds.

    Attributes
    ----------
    directions : ndarray, shape (k, 256)
        At most `COMPONENTS` per half, or n - 1 plus random ones if there are fewer voices; the
        norm of each is one spread.
    origin, low, high : ndarray, shape (k,)
        The start, and the bounds: `BOUND` spreads, widened by `margin` around an outlying start.
    timbre : ndarray, shape (k,), bool
        Which coordinates move the timbre half; the others move prosody.

    Raises
    ------
    SearchError
        Voices of a different shape from the start, fewer than two, or all equal.
    """

    def __init__(
        self,
        start: Array,
        population: Array,
        *,
        least: tuple[int, int] = (0, 0),
        margin: float = 0.5,
    ) -> None:
        means = checked_population(start, population)[:, :, 0, :].mean(axis=1)
        self._start = start
        self._centre = means.mean(axis=0)
        halves = [_directions(means, *one) for one in zip(HALVES, least, strict=True)]
        self.directions = np.concatenate(halves)
        if not len(self.directions):
            raise SearchError("the base voices do not differ: there is no direction to search in.")
        self.timbre = np.arange(len(self.directions)) < len(halves[0])
        self.origin = self.coordinates(start)
        self.low = np.minimum(-BOUND, self.origin - margin)
        self.high = np.maximum(BOUND, self.origin + margin)

    def coordinates(self, pack: Array) -> Vector:
        """Return the coordinates of the mean of a pack's rows, shape (k,)."""
        mean = pack[:, 0, :].mean(axis=0, dtype=np.float64)
        scale = np.square(self.directions).sum(axis=1)
        return np.asarray((mean - self._centre) @ self.directions.T / scale)

    def pack(self, point: Vector) -> Array:
        """Return the start moved to these coordinates."""
        offset = (point - self.origin) @ self.directions
        return (self._start + offset).astype(np.float32)


def _directions(means: Vector, half: slice, least: int) -> Vector:
    """Return the principal directions of one half, scaled to one spread, then random ones."""
    deviations = means[:, half] - means[:, half].mean(axis=0)
    _, spreads, vectors = np.linalg.svd(deviations, full_matrices=False)
    spreads = spreads / np.sqrt(len(means) - 1)
    count = int(np.sum(spreads[:COMPONENTS] > 1e-6))
    found = spreads[:count, None] * vectors[:count]
    if 0 < count < least:
        drawn = np.random.default_rng(0).standard_normal((least - count, HALF))
        drawn -= drawn @ vectors[:count].T @ vectors[:count]
        found = np.vstack([found, np.linalg.qr(drawn.T)[0].T * np.linalg.norm(spreads)])
    rows = np.zeros((len(found), 2 * HALF))
    rows[:, half] = found
    return rows
