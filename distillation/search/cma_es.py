"""CMA-ES in the subspace of the stock voices."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from distillation.search.base import Array, Known, SearchError, State
from distillation.search.subspace import Subspace, Vector

if TYPE_CHECKING:
    from distillation.search.symmetric_cma import SymmetricCMA

SIGMA = 0.5  # initial step size, in spreads
COLLAPSED = 1e-3  # spreads: finer differences are inaudible
SIDE_BY_SIDE = 4  # population is a multiple, so that two or four processes are evenly loaded
DROPPED = 100.0  # penalty that ranks dropped candidates behind all fully evaluated ones


class CmaEs:
    """Covariance matrix adaptation over the principal directions of the base voices' means.

    When the distribution has collapsed, the search restarts around its best with twice the
    population (IPOP).

    The state is the list of told values: replaying asks and tells restores the bit-identical
    generator and distribution without access to the library's internals.

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256), float32
    start_score : float
        Score of `start`, 0-100.
    population : ndarray, shape (n, rows, 1, 256), float32
        The base voices, n ≥ 2.
    diversity : (float, float)
        Not used: the step size is adapted.
    seed : int
        Equal seeds and scores give equal candidates.

    References
    ----------
    Hansen 2016, The CMA Evolution Strategy: A Tutorial; Auger & Hansen 2005 (restarts);
    library `cmaes`.
    """

    name: ClassVar[str] = "cma-es"

    def __init__(
        self,
        *,
        start: Array,
        start_score: float,
        population: Array,
        diversity: tuple[float, float],  # noqa: ARG002
        seed: int,
        known: Known = (),  # noqa: ARG002
    ) -> None:
        self._space = Subspace(start, population, margin=SIGMA)
        self._start_score, self._seed = start_score, seed
        self._cma: SymmetricCMA
        self._best: Vector
        self._best_score: float
        self._asked: deque[Vector]  # asked but not yet told
        self._generation: list[tuple[Vector, float]]
        self._told: list[float]
        self._ceilings: list[float]
        self._begin()

    @property
    def batch(self) -> int:
        return self._cma.population_size - len(self._generation) - len(self._asked)

    @property
    def floor(self) -> float:
        return -math.inf  # the update uses the ranks of all scores

    def ask(self) -> Array:
        if not self.batch:
            raise SearchError("tell the scores of this generation before asking for the next.")
        self._asked.append(self._cma.ask())
        return self._space.pack(self._asked[-1])

    def tell(self, score: float | None, *, ceiling: float = 0.0) -> bool:
        if not self._asked:
            raise SearchError("ask for a candidate before telling its score.")
        candidate = self._asked.popleft()
        better = score is not None and score > self._best_score
        if better and score is not None:
            self._best, self._best_score = candidate, score
        value = DROPPED - ceiling if score is None else -score
        self._told.append(np.nan if score is None else score)
        self._ceilings.append(ceiling)
        self._generation.append((candidate, value))
        if len(self._generation) == self._cma.population_size:
            self._finish_generation()
        return better

    def state(self) -> State:
        return {
            "seed": self._seed,
            "start_score": self._start_score,
            "told": np.array(self._told),
            "ceilings": np.array(self._ceilings),
        }

    def restore(self, state: State) -> None:
        self._seed, self._start_score = int(state["seed"]), float(state["start_score"])
        self._begin()
        told, ceilings = np.atleast_1d(state["told"]), np.atleast_1d(state["ceilings"])
        for score, ceiling in zip(told.tolist(), ceilings.tolist(), strict=True):
            self._asked.append(self._cma.ask())
            self.tell(None if np.isnan(score) else score, ceiling=ceiling)

    def _begin(self) -> None:
        self._best, self._best_score = self._space.origin, self._start_score
        self._told, self._ceilings = [], []
        self._asked = deque()
        self._restarts = 0
        usual = 4 + 3 * math.log(len(self._space.origin))  # Hansen's default
        self._distribution(SIDE_BY_SIDE * math.ceil(int(usual) / SIDE_BY_SIDE))

    def _finish_generation(self) -> None:
        spread = float(np.std([point for point, _ in self._generation], axis=0).max())
        self._cma.tell(self._generation)
        self._generation = []
        if self._cma.should_stop() or spread < COLLAPSED:
            self._restart()

    def _restart(self) -> None:
        self._restarts += 1
        self._distribution(2 * self._cma.population_size)

    def _distribution(self, population_size: int) -> None:
        from distillation.search.symmetric_cma import SymmetricCMA

        self._generation = []
        self._cma = SymmetricCMA(
            mean=self._best,
            sigma=SIGMA,
            bounds=np.column_stack([self._space.low, self._space.high]),
            seed=(self._seed + self._restarts) % 2**32,
            population_size=population_size,
        )
