"""Gradient steps in the subspace of the stock voices (experimental)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from distillation.search.base import (
    Array,
    GradientFunction,
    Known,
    SearchError,
    State,
    rng_from_json,
    rng_to_json,
)
from distillation.search.subspace import Subspace, Vector

RATES = (0.2, 0.02)  # learning rate in spreads per step: initial, and minimum before a restart
MOMENTS = (0.9, 0.99)  # Adam's decay rates of the mean gradient and of its square
DIRECTIONS = (8, 4)  # minimum of timbre and prosody
PATIENCE = 8  # steps without a better score
OFFSET = 0.05  # spreads: random offset from the start, and from the best at a restart


@dataclass(frozen=True)
class Position:
    """The current point and Adam's moment estimates."""

    point: Vector
    mean: Vector
    square: Vector
    count: int  # number of steps in the moments

    @classmethod
    def fresh(cls, point: Vector) -> Position:
        return cls(point, np.zeros_like(point), np.zeros_like(point), 0)


class Gradient:
    """Gradient ascent by Adam; every point is scored like any other candidate.

    The gradient is that of target similarity alone, while the score is the total. After
    `PATIENCE` steps without a better score it returns to the best point and halves its rate; at
    the minimum rate it restarts at a random offset from the best.

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256), float32
    start_score : float
        Score of `start`, 0-100.
    population : ndarray, shape (n, rows, 1, 256), float32
        The base voices, n ≥ 2.
    diversity : (float, float)
        Not used.
    seed : int
        Of the random offsets; equal seeds, scores and gradients give equal candidates.
    gradient : callable
        Maps pack and step to the gradient (256,) by an offset added to all rows.

    Raises
    ------
    SearchError
        No gradient was given: the student has none.

    References
    ----------
    Kingma & Ba 2015, Adam: A Method for Stochastic Optimization.
    """

    name: ClassVar[str] = "gradient"

    def __init__(
        self,
        *,
        start: Array,
        start_score: float,
        population: Array,
        diversity: tuple[float, float],  # noqa: ARG002
        seed: int,
        known: Known = (),  # noqa: ARG002
        gradient: GradientFunction | None = None,
    ) -> None:
        if gradient is None:
            raise SearchError("gradient: the student gives no gradient; choose another strategy.")
        self._gradient = gradient
        self._space = Subspace(start, population, least=DIRECTIONS)
        self._rng = np.random.default_rng(seed)
        self._best, self._best_score = self._space.origin, start_score
        self._position = self._near_best()
        self._rate, self._turn, self._failures = RATES[0], 0, 0
        self._next: Position | None = None

    @property
    def batch(self) -> int:
        return int(self._next is None)

    @property
    def floor(self) -> float:
        return self._best_score

    def ask(self) -> Array:
        if self._next is not None:
            raise SearchError("tell the score of this step before asking for the next.")
        self._next = self._step()
        return self._space.pack(self._next.point)

    def tell(self, score: float | None, *, ceiling: float = 0.0) -> bool:  # noqa: ARG002
        if self._next is None:
            raise SearchError("ask for a candidate before telling its score.")
        self._position, self._next = self._next, None
        self._turn += 1
        better = score is not None and score > self._best_score
        if better and score is not None:
            self._best, self._best_score, self._failures = self._position.point, score, 0
        else:
            self._failures += 1
        if self._failures == PATIENCE:
            self._return_to_best()
        return better

    def state(self) -> State:
        return {
            "point": self._position.point,
            "mean": self._position.mean,
            "square": self._position.square,
            "count": self._position.count,
            "best": self._best,
            "best_score": self._best_score,
            "rate": self._rate,
            "turn": self._turn,
            "failures": self._failures,
            "rng": rng_to_json(self._rng),
        }

    def restore(self, state: State) -> None:
        point, mean, square, best = (
            np.atleast_1d(np.asarray(state[name], np.float64))
            for name in ("point", "mean", "square", "best")
        )
        self._position, self._next = Position(point, mean, square, int(state["count"])), None
        self._best, self._best_score = best, float(state["best_score"])
        self._rate, self._turn = float(state["rate"]), int(state["turn"])
        self._failures = int(state["failures"])
        self._rng = rng_from_json(str(state["rng"]))

    def _step(self) -> Position:
        position, (keep, keep_square) = self._position, MOMENTS
        gradient = self._space.directions @ self._gradient(
            self._space.pack(position.point), self._turn
        )
        mean = keep * position.mean + (1 - keep) * gradient
        square = keep_square * position.square + (1 - keep_square) * gradient**2
        count = position.count + 1
        ahead = mean / (1 - keep**count)
        step = self._rate * ahead / (np.sqrt(square / (1 - keep_square**count)) + 1e-12)
        return Position(self._within(position.point + step), mean, square, count)

    def _return_to_best(self) -> None:
        self._failures, self._rate = 0, self._rate / 2
        self._position = Position.fresh(self._best)
        if self._rate < RATES[1]:
            self._rate, self._position = RATES[0], self._near_best()

    def _near_best(self) -> Position:
        offset = OFFSET * self._rng.standard_normal(len(self._best))
        return Position.fresh(self._within(self._best + offset))

    def _within(self, point: Vector) -> Vector:
        return np.clip(point, self._space.low, self._space.high)
