"""Random walks: the published one, and one that applies each mutation to all rows of the pack."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from distillation.search.base import (
    Array,
    Known,
    SearchError,
    State,
    checked_population,
    rng_from_json,
    rng_to_json,
)

BOUND = 3.0  # maximum distance of a coordinate from the base voices' mean, in their spreads
GROW, SHRINK = 1.5, 1.5**-0.25  # the 1/5 success rule of the (1+1) evolution strategy
STRIDE = (0.25, 8.0)

Vector = NDArray[np.float64]


class RandomWalk:
    """KVoiceWalk's random walk: ``base + randn_like(base) * std * diversity``.

    One diversity per step is drawn uniformly; the noise is independent over all rows and
    columns; `std` is elementwise over the base voices (divisor n - 1, as in torch).

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256), float32
        The base until something better is found.
    start_score : float
        Its score, 0-100.
    population : ndarray, shape (n, rows, 1, 256), float32
        The base voices, n ≥ 2.
    diversity : (float, float)
        Range of the step's scale, published 0.01-0.15.
    seed : int
        Equal seeds and scores give equal candidates.

    References
    ----------
    https://github.com/RobViren/kvoicewalk, `VoiceGenerator.generate_voice`.
    """

    name: ClassVar[str] = "random-walk"

    def __init__(
        self,
        *,
        start: Array,
        start_score: float,
        population: Array,
        diversity: tuple[float, float],
        seed: int,
        known: Known = (),  # noqa: ARG002
    ) -> None:
        voices = checked_population(start, population)
        self._std = voices.std(axis=0, ddof=1).astype(np.float32)
        self._diversity = diversity
        self._best = start.copy()
        self._best_score = start_score
        self._candidate: Array | None = None
        self._rng = np.random.default_rng(seed)
        self._before = ""  # generator state before the candidate not yet told

    @property
    def batch(self) -> int:
        return 1 if self._candidate is None else 0

    @property
    def floor(self) -> float:
        return self._best_score

    def ask(self) -> Array:
        if not self.batch:
            raise SearchError("tell the score of the last candidate before asking for another.")
        self._before = rng_to_json(self._rng)
        scale = np.float32(self._rng.uniform(*self._diversity))
        noise = self._rng.standard_normal(self._best.shape, dtype=np.float32)
        self._candidate = self._best + noise * self._std * scale
        return self._candidate

    def tell(self, score: float | None, *, ceiling: float = 0.0) -> bool:  # noqa: ARG002
        if self._candidate is None:
            raise SearchError("ask for a candidate before telling its score.")
        better = score is not None and score > self._best_score
        if better and score is not None:
            self._best, self._best_score = self._candidate, score
        self._candidate = None
        return better

    def state(self) -> State:
        rng = rng_to_json(self._rng) if self.batch else self._before
        return {"best": self._best, "score": self._best_score, "rng": rng}

    def restore(self, state: State) -> None:
        self._best = np.asarray(state["best"], np.float32)
        self._best_score = float(state["score"])
        self._rng = rng_from_json(str(state["rng"]))
        self._candidate = None


class SharedWalk:
    """(1+1) evolution strategy over a voice's 256-vector and its change with text length.

    A candidate is ``start + x + s * mode``: `x` (256 numbers) is added to every row, and `mode`
    (rows, 256) is the first principal component of the base voices' rows less their mean. So
    what is learned at one text length applies to all. With probability 1/2, a step mutates along
    differences between base voices instead of elementwise. The scale of a step is drawn as in
    the published walk, times a stride that grows with every success and shrinks with every
    failure (1/5 success rule). Each coordinate stays within `BOUND` spreads of the base voices'
    mean.

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256), float32
    start_score : float
        Score of `start`, 0-100.
    population : ndarray, shape (n, rows, 1, 256), float32
        The base voices, n ≥ 2.
    diversity : (float, float)
        Range of a step's scale before the stride, in spreads of the base voices.
    seed : int
        Equal seeds and scores give equal candidates.

    References
    ----------
    Rechenberg 1973 (1/5 success rule); Kern et al. 2004, Natural Computing 3:77 (its
    constants for the (1+1) strategy).
    """

    name: ClassVar[str] = "shared-walk"

    def __init__(
        self,
        *,
        start: Array,
        start_score: float,
        population: Array,
        diversity: tuple[float, float],
        seed: int,
        known: Known = (),  # noqa: ARG002
    ) -> None:
        voices = checked_population(start, population)[:, :, 0, :]
        self._start = start
        means = voices.mean(axis=1)
        self._std = means.std(axis=0, ddof=1)
        self._differences = (means - means.mean(axis=0)) / np.sqrt(len(means) - 1)
        origin = start[:, 0, :].mean(axis=0, dtype=np.float64)
        self._low, self._high = _bounds(means.mean(axis=0), self._std, origin)
        self._mode, lengths = _length_mode(voices - means[:, None, :])
        self._length_std = float(lengths.std(ddof=1))
        rest = float(np.sum((start[:, 0, :] - origin) * self._mode))
        low, high = _bounds(lengths.mean(keepdims=True), lengths.std(ddof=1), np.array([rest]))
        self._length_low, self._length_high = float(low[0]) - rest, float(high[0]) - rest
        self._low, self._high = self._low - origin, self._high - origin
        self._diversity = diversity
        self._x: Vector = np.zeros(start.shape[-1])
        self._s = 0.0
        self._score = start_score
        self._stride = 1.0
        self._rng = np.random.default_rng(seed)
        self._before = ""  # generator state before the candidate not yet told
        self._candidate: tuple[Vector, float] | None = None

    @property
    def batch(self) -> int:
        return 1 if self._candidate is None else 0

    @property
    def floor(self) -> float:
        return self._score

    def ask(self) -> Array:
        if not self.batch:
            raise SearchError("tell the score of the last candidate before asking for another.")
        self._before = rng_to_json(self._rng)
        scale = self._rng.uniform(*self._diversity) * self._stride
        if self._rng.random() < 0.5:
            step = self._std * self._rng.standard_normal(len(self._x))
        else:
            step = self._rng.standard_normal(len(self._differences)) @ self._differences
        x = np.clip(self._x + scale * step, self._low, self._high)
        s = self._s + scale * self._length_std * self._rng.standard_normal()
        s = float(np.clip(s, self._length_low, self._length_high))
        self._candidate = (x, s)
        return self._pack(x, s)

    def tell(self, score: float | None, *, ceiling: float = 0.0) -> bool:  # noqa: ARG002
        if self._candidate is None:
            raise SearchError("ask for a candidate before telling its score.")
        better = score is not None and score > self._score
        if better and score is not None:
            (self._x, self._s), self._score = self._candidate, score
        self._stride = float(np.clip(self._stride * (GROW if better else SHRINK), *STRIDE))
        self._candidate = None
        return better

    def state(self) -> State:
        rng = rng_to_json(self._rng) if self.batch else self._before
        return {
            "x": self._x,
            "s": self._s,
            "score": self._score,
            "stride": self._stride,
            "rng": rng,
        }

    def restore(self, state: State) -> None:
        self._x = np.asarray(state["x"], np.float64)
        self._s, self._score = float(state["s"]), float(state["score"])
        self._stride = float(state["stride"])
        self._rng = rng_from_json(str(state["rng"]))
        self._candidate = None

    def _pack(self, x: Vector, s: float) -> Array:
        offset = x + s * self._mode
        return (self._start + offset[:, None, :]).astype(np.float32)


def _bounds(centre: Vector, spread: Vector | float, origin: Vector) -> tuple[Vector, Vector]:
    """Return lower and upper bounds around the centre of the voices, including the start."""
    return (
        np.minimum(centre - BOUND * spread, origin),
        np.maximum(centre + BOUND * spread, origin),
    )


def _length_mode(deviations: Vector) -> tuple[Vector, Vector]:
    """Return the first principal component of the rows' deviations and each voice's projection.

    Parameters
    ----------
    deviations : ndarray, shape (n, rows, 256)
        Base voices minus their mean over the rows.

    Returns
    -------
    mode : ndarray, shape (rows, 256)
        Of norm 1, or zero if the base voices do not change with length.
    lengths : ndarray, shape (n,)
        Projection of each voice on the mode.
    """
    flat = deviations.reshape(len(deviations), -1)
    _, vectors = np.linalg.eigh(flat @ flat.T)
    mode = vectors[:, -1] @ flat
    norm = np.linalg.norm(mode)
    mode = mode / norm if norm > 1e-9 else np.zeros_like(mode)
    return mode.reshape(deviations.shape[1:]), flat @ mode
