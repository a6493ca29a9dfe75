"""Samples of CMA-ES: the right covariance, and independent of rounding."""

import numpy as np
import pytest
from cmaes import CMA

from distillation.search.symmetric_cma import SymmetricCMA

LAST_BITS = (3e-16, 1e-15, 1e-14, 1e-13)
MORE = (1e-10, 1e-9, 1e-8)  # surely beyond what the library's rounding decides by itself
BOUNDS = np.tile([-3.0, 3.0], (14, 1))


def draws(kind: type[CMA], *, last_bit: float = 0.0, generations: int = 6) -> np.ndarray:
    """Search from one mean or from the next float; return every generation's candidates."""
    mean = np.linspace(-1, 1, 14) * (1 + last_bit)
    search = kind(mean=mean, sigma=0.5, bounds=BOUNDS, seed=3, population_size=12)
    found = []
    for _ in range(generations):
        points = [search.ask() for _ in range(12)]
        search.tell([(point, float(np.sum((point - 0.4) ** 2))) for point in points])
        found.append(points)
    return np.array(found)


@pytest.mark.parametrize("last_bit", LAST_BITS)
def test_rounding_of_the_mean_does_not_change_the_search(last_bit: float) -> None:
    assert np.array_equal(draws(SymmetricCMA), draws(SymmetricCMA, last_bit=last_bit))


def test_rounding_does_change_the_librarys_search() -> None:
    others = np.array([draws(CMA, last_bit=last_bit) for last_bit in MORE])
    apart = np.abs(others - draws(CMA)).max(axis=(0, 2, 3))
    assert apart[0] < 1e-7
    assert apart[1] > 0.01, "mended there: SymmetricCMA may go"


def test_the_draws_have_the_specified_covariance() -> None:
    root = np.array([[1.0, 0.0, 0.0], [0.8, 0.5, 0.0], [-0.3, 0.2, 0.1]])
    search = SymmetricCMA(mean=np.zeros(3), sigma=2.0, seed=0, cov=root @ root.T)
    points = np.array([search.ask() for _ in range(20_000)])
    assert np.cov(points.T) == pytest.approx(4.0 * root @ root.T, abs=0.1)
