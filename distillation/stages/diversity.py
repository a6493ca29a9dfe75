"""Diversity: how far from the best voice a search looks, in spreads of the stock voices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from distillation.search import Array

SHARE = 0.1  # of the newest candidate in the running mean


class Diversity:
    """Measures candidates as the published walk scales them.

    There a candidate is ``best + randn_like(best) * std * diversity``, `std` per number over
    the stock voices; so the length of ``candidate - best`` in lengths of `std` is its
    diversity, whatever strategy proposed it.

    Parameters
    ----------
    stock : sequence of ndarray, shape (rows, 1, 256)
        Two voices or more.
    """

    def __init__(self, stock: Sequence[Array]) -> None:
        std = np.std(np.stack(stock), axis=0, ddof=1, dtype=np.float64)
        self._spread = float(np.linalg.norm(std))

    def of(self, candidate: Array, best: Array) -> float:
        """Return the diversity of a candidate: 0 for the best itself."""
        apart = float(np.linalg.norm(candidate.astype(np.float64) - best))
        return apart / self._spread if self._spread else 0.0

    def running(self, before: float, candidate: Array, best: Array) -> float:
        """Return the mean over the last ten candidates or so."""
        now = self.of(candidate, best)
        return before + SHARE * (now - before) if before else now
