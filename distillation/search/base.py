"""The interface of a search strategy: ask, tell, state, restore."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Known = Sequence[tuple[Array, float]]  # packs that were already scored, and their totals
State = dict[str, NDArray[np.generic] | int | float | str]


class SearchError(ValueError):
    """The search cannot be set up or was misused; the message says why."""


class Strategy(Protocol):
    """Proposes candidates and learns from their scores, without knowing what they represent.

    Up to `batch` candidates may be asked before the first of them is told; scores are told in
    the order of the asks. So it makes no difference which worker evaluates a candidate of a
    batch, or in which order.
    """

    name: ClassVar[str]

    @property
    def batch(self) -> int:
        """How many more candidates may be asked before the next score is told."""
        ...

    @property
    def floor(self) -> float:
        """Total (0-100) at or below which every candidate of this batch is treated alike.

        Scoring may stop as soon as a candidate's ceiling is at or below it. Fixed for the
        whole batch; -inf if every difference in score matters.
        """
        ...

    def ask(self) -> Array:
        """Return the next candidate, in the shape of `start`; raise SearchError if `batch` is 0."""
        ...

    def tell(self, score: float | None, *, ceiling: float = 0.0) -> bool:
        """Take the score of the first candidate not yet told; return True if it is the new best.

        A dropped candidate has no score but a `ceiling` (0-100), an upper bound on it.
        """
        ...

    def state(self) -> State:
        """Return everything the next `ask` depends on: arrays, numbers and JSON strings.

        Candidates asked but not yet told are not included: they are asked again.
        """
        ...

    def restore(self, state: State) -> None:
        """Continue bit-identically from where `state` was taken.

        Candidates that were asked but not told are returned again by the next calls of `ask`.
        """
        ...


def rng_to_json(rng: np.random.Generator) -> str:
    """Return the complete state of a generator as JSON."""
    return json.dumps(rng.bit_generator.state)


def rng_from_json(text: str) -> np.random.Generator:
    """Return a PCG64 generator that continues where `rng_to_json` was taken."""
    bits = np.random.PCG64()
    bits.state = json.loads(text)
    return np.random.Generator(bits)


def checked_population(start: Array, population: Array) -> NDArray[np.float64]:
    """Return the population as float64 after checking it against the start.

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256)
        Where the search begins.
    population : ndarray, shape (n, rows, 1, 256)
        Two voices or more: their spread scales the mutations.

    Raises
    ------
    SearchError
        Fewer than two voices, or a different shape from the start.
    """
    if population.ndim != start.ndim + 1 or population.shape[1:] != start.shape:
        raise SearchError(f"base voices of shape {start.shape} wanted, not {population.shape[1:]}.")
    if len(population) < 2:
        raise SearchError("two base voices or more are needed: their spread scales the mutations.")
    return population.astype(np.float64)
