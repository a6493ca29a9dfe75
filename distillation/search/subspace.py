"""The space voices live in: principal directions of the base voices, half by half."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distillation.search.base import Array, SearchError, checked_population

HALF = 128  # timbre before, prosody after
COMPONENTS = 20  # per half; of Kokoro's 54 voices 20 hold 86 % of what they differ in
BOUND = 3.0  # spreads of the base voices a coordinate may lie from their mean

HALVES = (slice(0, HALF), slice(HALF, 2 * HALF))

Vector = NDArray[np.float64]


class Subspace:
    """Packs as few coordinates, each in spreads of the base voices along one direction.

    Timbre half and prosody half have directions of their own, so that one voice's timbre can
    meet another's melody. What a coordinate moves, it moves in every row alike: what is heard
    at one text length holds at all of them. A handful of voices spans too little: up to `least`
    directions at right angles to theirs are drawn, always the same ones.

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256), float32
        Its coordinates are `origin`; its rows keep their differences.
    population : ndarray, shape (n, rows, 1, 256), float32
        The base voices, n ≥ 2.
    least : (int, int)
        Directions of timbre and of prosody, at least.
    margin : float
        Spreads that are free around a start outside of the bounds.

    Attributes
    ----------
    directions : ndarray, shape (k, 256)
        At most `COMPONENTS` for either half, n - 1 and the drawn ones where there are fewer
        voices; one spread long.
    origin, low, high : ndarray, shape (k,)
        The start, and the bounds: `BOUND` spreads, or a little beyond a start that is outside.
    timbre : ndarray, shape (k,), bool
        Which coordinates move the timbre half; the others move prosody.

    Raises
    ------
    SearchError
        Voices of another shape than the start, fewer than two, or all alike.
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
        """Return where the mean of a pack's rows lies, shape (k,)."""
        mean = pack[:, 0, :].mean(axis=0, dtype=np.float64)
        scale = np.square(self.directions).sum(axis=1)
        return np.asarray((mean - self._centre) @ self.directions.T / scale)

    def pack(self, point: Vector) -> Array:
        """Return the start moved to these coordinates."""
        offset = (point - self.origin) @ self.directions
        return (self._start + offset).astype(np.float32)


def _directions(means: Vector, half: slice, least: int) -> Vector:
    """Return the principal directions of one half, one spread long, and drawn ones."""
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
