"""Stochastic gradient ascent: a new pair of sentences every step, one offset for all rows."""

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
)

RATE = 0.3  # first learning rate, spreads per step
LAST_RATE = 0.05  # the last one, as a part of the first
FALLS_FROM = 0.5  # part of the search after which the rate falls
MOMENTS = (0.9, 0.999)  # Adam's decay rates of the mean gradient and of its square
PULL = 0.001  # towards the start, per spread
SENTENCES = 2  # a step averages their gradients, so that two workers can take one each
FIRST = 3 * SENTENCES + 1  # candidates of the first round: three steps, then one that is scored
ROUND = 5 * SENTENCES + 1  # of the others: five steps; the first voice is to be heard sooner
Vector = NDArray[np.float64]


class Gradient:
    """Adam over an offset of 256 numbers in spreads of the base voices.

    Every step averages the gradients of `SENTENCES` new sentences: a few that recur are learned
    by heart, and the voice becomes less natural on all others. The offset is added to all rows,
    which keep what the start does at other lengths. Dividing each number by its spread over the
    base voices makes the numbers alike for Adam, and moves most where voices differ; a pull
    towards the start keeps it in their neighbourhood. After three steps, every five more, and at
    the end, the point is scored like the candidates of other strategies; what is told is the
    objective.

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256), float32
        Where it begins.
    start_score : float
        Objective of `start`.
    population : ndarray, shape (n, rows, 1, 256), float32
        The base voices, n ≥ 2.
    seed : int
        Of the order of the sentences.
    steps : int
        How many candidates may be asked in all, gradients included; the learning rate falls
        towards the last.

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
        diversity: tuple[float, float] = (0.0, 0.0),  # noqa: ARG002
        seed: int,
        known: Known = (),  # noqa: ARG002
        steps: int,
    ) -> None:
        means = checked_population(start, population)[:, :, 0, :].mean(axis=1)
        self._start, self._spread = start, means.std(axis=0)
        self._steps, self._first_sentence = steps, seed % 10_007
        self._offset, self._mean, self._square = np.zeros((3, start.shape[-1]))
        self._count = 0  # steps of Adam
        self._told, self._asked = 0, 0  # candidates told in all; asked and not yet told
        self._gradients: list[Vector] = []  # of this step
        self._best_score = start_score

    @property
    def batch(self) -> int:
        left = self._steps - 1 - self._told  # before the last candidate, which is scored
        group = min(SENTENCES - _place(self._told) % SENTENCES, left)
        return (1 if self._is_scored(self._told) else group) - self._asked

    @property
    def floor(self) -> float:
        return -np.inf

    @property
    def sentence(self) -> int | None:
        """Number of the sentence at which the candidate asked last is to be differentiated.

        None if it is to be scored. Numbers grow without end: the caller repeats its sentences.
        """
        number = self._told + self._asked - 1
        if self._is_scored(number):
            return None
        scored = 0 if number < FIRST else 1 + (number - FIRST) // ROUND
        return self._first_sentence + number - scored

    def ask(self) -> Array:
        if self.batch < 1:
            raise SearchError("tell what came of this step before asking for the next.")
        self._asked += 1
        return np.asarray(self._start + self._offset * self._spread, np.float32)

    def tell(self, score: float | None, *, ceiling: float = 0.0) -> bool:  # noqa: ARG002
        self._take()
        better = score is not None and score > self._best_score
        if better and score is not None:
            self._best_score = score
        return better

    def tell_gradient(self, gradient: Vector) -> None:
        """Take the gradient (256,) of the first candidate not yet told."""
        self._gradients.append(np.asarray(gradient, np.float64))
        if len(self._gradients) == SENTENCES:
            self._climb(np.mean(self._gradients, axis=0) * self._spread)
            self._gradients = []
        self._take()

    def state(self) -> State:
        return {
            "offset": self._offset,
            "mean": self._mean,
            "square": self._square,
            "gradients": np.array(self._gradients).reshape(-1, len(self._offset)),
            "count": self._count,
            "told": self._told,
            "best_score": self._best_score,
        }

    def restore(self, state: State) -> None:
        self._offset, self._mean, self._square = (
            np.array(state[name], np.float64) for name in ("offset", "mean", "square")
        )
        self._gradients = list(np.asarray(state["gradients"], np.float64))
        self._count, self._told, self._asked = int(state["count"]), int(state["told"]), 0
        self._best_score = float(state["best_score"])

    def _is_scored(self, number: int) -> bool:
        last = FIRST if number < FIRST else ROUND
        return _place(number) == last - 1 or number >= self._steps - 1

    def _take(self) -> None:
        if not self._asked:
            raise SearchError("ask for a candidate before telling what came of it.")
        self._asked -= 1
        self._told += 1

    def _climb(self, gradient: Vector) -> None:
        """Move the offset by one step of Adam."""
        ascent = gradient - PULL * self._offset
        keep, keep_square = MOMENTS
        self._mean = keep * self._mean + (1 - keep) * ascent
        self._square = keep_square * self._square + (1 - keep_square) * ascent**2
        self._count += 1
        mean = self._mean / (1 - keep**self._count)
        square = self._square / (1 - keep_square**self._count)
        self._offset = self._offset + self._rate * mean / (np.sqrt(square) + 1e-8)

    @property
    def _rate(self) -> float:
        left = 1.0 - self._told / self._steps
        return RATE * min(1.0, left / (1.0 - FALLS_FROM) + LAST_RATE)


def _place(number: int) -> int:
    """Return the place of a candidate within its round."""
    return number if number < FIRST else (number - FIRST) % ROUND
