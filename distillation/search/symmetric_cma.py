"""CMA-ES whose draws do not depend on which eigenvectors the processor's library happens to find.

Importing this loads scipy.stats, 64 MB: only for who searches.
"""

from __future__ import annotations

import numpy as np
from cmaes import CMA

from distillation.search.subspace import Vector

DECIMALS = 6  # of a spread: far finer than is heard, far coarser than the rounding of a sum


class SymmetricCMA(CMA):
    """`cmaes.CMA` drawing by the symmetric root of the covariance, to `DECIMALS`.

    The library draws B D z. Directions the scores have said nothing of have equal eigenvalues,
    so their eigenvectors in B are any basis of what they span: a difference in the last bit of
    the covariance, as between two installations, turns them, and with them all draws. B D Bᵀ z
    has the same distribution and is the same in every basis; what the last bit still moves, the
    rounding takes away.
    """

    def ask(self) -> Vector:
        return np.round(super().ask(), DECIMALS)

    def _sample_solution(self) -> Vector:
        basis, spreads = self._eigen_decomposition()
        z = self._rng.standard_normal(self.dim)
        return np.asarray(self._mean + self._sigma * (basis @ (spreads * (basis.T @ z))))
