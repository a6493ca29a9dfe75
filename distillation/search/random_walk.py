"""The published walk: every number of the pack mutated on its own, kept if better."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from distillation.search.base import (
    Array,
    Known,
    SearchError,
    State,
    checked_population,
    rng_from_json,
    rng_to_json,
)


class RandomWalk:
    """KVoiceWalk's walk: ``base + randn_like(base) * std * diversity``.

    Per step one diversity is drawn uniformly; the noise is independent over all rows and
    columns; `std` is per element over the base voices (n - 1 in the divisor, as torch).

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256), float32
        The walk's base until something better is found.
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
        self._before = ""  # the generator before the candidate that is not yet told

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
