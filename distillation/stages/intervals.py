"""Bootstrap intervals of means over sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

DRAWS = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean with its 95 % percentile bootstrap interval; low and high are None for one value."""

    mean: float
    low: float | None
    high: float | None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def bootstrap(values: Sequence[float]) -> Interval:
    """Return the mean of values and its interval, the same for the same values.

    Parameters
    ----------
    values : sequence of float
        One for each sentence; for a difference of two voices, paired by sentence.

    References
    ----------
    .. [1] Efron & Tibshirani 1993, "An Introduction to the Bootstrap", ch. 13.
    """
    found = np.asarray(values, np.float64)
    if len(found) < 2:
        return Interval(mean=float(found.mean()), low=None, high=None)
    rng = np.random.default_rng(0)
    means = found[rng.integers(len(found), size=(DRAWS, len(found)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(mean=float(found.mean()), low=float(low), high=float(high))
