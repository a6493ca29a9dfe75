"""Search strategies by name; they work on arrays only, without knowledge of audio."""

from __future__ import annotations

from distillation.search.base import Array, Known, SearchError, State, Strategy
from distillation.search.cma_es import CmaEs
from distillation.search.gradient import Gradient
from distillation.search.random_walk import RandomWalk, SharedWalk
from distillation.search.surrogate import Halves, Surrogate

__all__ = [
    "STEPS",
    "STRATEGIES",
    "WITH_GRADIENT",
    "Array",
    "Known",
    "SearchError",
    "State",
    "Strategy",
    "strategy",
]

STRATEGIES: dict[
    str,
    type[CmaEs]
    | type[Gradient]
    | type[Halves]
    | type[RandomWalk]
    | type[SharedWalk]
    | type[Surrogate],
] = {
    CmaEs.name: CmaEs,
    Gradient.name: Gradient,
    Surrogate.name: Surrogate,
    Halves.name: Halves,
    SharedWalk.name: SharedWalk,
    RandomWalk.name: RandomWalk,
}
WITH_GRADIENT = (Gradient.name,)  # work only with students that provide one
STEPS = {Gradient.name: 54}  # of runs that name no number, where it is not `RunRecipe.steps`


def strategy(
    name: str,
    *,
    start: Array,
    start_score: float,
    population: Array,
    diversity: tuple[float, float],
    seed: int,
    known: Known = (),
    steps: int = 0,
) -> Strategy:
    """Return the strategy `name`, set up at `start`.

    Parameters
    ----------
    name : str
        A key of `STRATEGIES`.
    start : ndarray, shape (rows, 1, 256), float32
        Where the search begins.
    start_score : float
        Score of `start`, 0-100: candidates must beat it.
    population : ndarray, shape (n, rows, 1, 256), float32
        The base voices, n ≥ 2: they scale and bound the mutations.
    diversity : (float, float)
        Range of a step's scale, in standard deviations of the base voices.
    seed : int
        Equal seeds and scores give equal candidates.
    known : sequence of (ndarray, float)
        Packs scored while the start was chosen, and their totals; a strategy may learn from them.
    steps : int
        Steps the search may take, for strategies that plan ahead.

    Raises
    ------
    SearchError
        Unknown name, or a population of the wrong shape or size.
    """
    if name not in STRATEGIES:
        raise SearchError(f"strategy: {', '.join(STRATEGIES)}; not {name!r}.")
    return STRATEGIES[name](
        start=start,
        start_score=start_score,
        population=population,
        diversity=diversity,
        seed=seed,
        known=known,
        **({"steps": steps} if name in WITH_GRADIENT else {}),
    )
