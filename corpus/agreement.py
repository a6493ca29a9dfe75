"""Inter-annotator agreement: Cohen's kappa for each pair, Krippendorff's alpha over all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Votes = Mapping[Any, Mapping[int, int]]
RESAMPLES = 999


@dataclass(frozen=True)
class Agreement:
    """An agreement coefficient with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        At most 1 (no disagreement); 0 is chance level. NaN if undefined: all votes name the same
        style, or, for the interval, there are fewer than 3 sentences.
    n : int
        Number of sentences it is computed from.
    """

    value: float
    low: float
    high: float
    n: int


def alpha(votes: Votes, *, resamples: int = RESAMPLES) -> Agreement | None:
    """Compute nominal Krippendorff's alpha over all voters.

    Parameters
    ----------
    votes : mapping of sentence to mapping of person to style
        Independent votes; sentences with fewer than two are ignored.
    resamples : int
        Bootstrap resamples of the sentences, for the interval.

    Returns
    -------
    Agreement or None
        None if no sentence has two votes.

    References
    ----------
    Krippendorff, K. (2018). Content Analysis, 4th ed., ch. 12; package `krippendorff`.
    """
    import krippendorff

    shared = [list(said.values()) for said in votes.values() if len(said) > 1]
    if not shared:
        return None
    styles = sorted({style for row in shared for style in row})
    counts = np.array([[row.count(style) for style in styles] for row in shared])

    def statistic(rows: NDArray[np.intp]) -> float:
        drawn = counts[rows]
        if np.count_nonzero(drawn.sum(axis=0)) < 2:
            return 1.0  # a resample with only one style
        return float(krippendorff.alpha(value_counts=drawn, level_of_measurement="nominal"))

    return _measured(statistic, len(shared), resamples, one_style=len(styles) < 2)


def kappas(votes: Votes, *, resamples: int = RESAMPLES) -> dict[tuple[int, int], Agreement]:
    """Compute Cohen's kappa for every pair of persons with sentences in common.

    Parameters
    ----------
    votes : mapping of sentence to mapping of person to style
        Independent votes.
    resamples : int
        Bootstrap resamples of the sentences, for the interval.

    Returns
    -------
    dict of (person, person) to Agreement
        Persons in ascending order.

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales; scikit-learn.
    """
    from sklearn.metrics import cohen_kappa_score

    shared: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for said in votes.values():
        for pair in combinations(sorted(said), 2):
            shared.setdefault(pair, []).append((said[pair[0]], said[pair[1]]))
    found = {}
    for pair, rows in sorted(shared.items()):
        said_by = np.array(rows)

        def statistic(drawn: NDArray[np.intp], said_by: NDArray[np.int_] = said_by) -> float:
            first, second = said_by[drawn].T
            if len(set(first) | set(second)) < 2:
                return 1.0
            return float(cohen_kappa_score(first, second))

        one_style = len(np.unique(said_by)) < 2
        found[pair] = _measured(statistic, len(rows), resamples, one_style=one_style)
    return found


def _measured(
    statistic: Callable[[NDArray[np.intp]], float], n: int, resamples: int, *, one_style: bool
) -> Agreement:
    """Compute the statistic on all sentences; from 3 sentences, add a percentile interval."""
    from scipy.stats import bootstrap

    if one_style:
        return Agreement(float("nan"), float("nan"), float("nan"), n)
    rows = np.arange(n)
    value = statistic(rows)
    if n < 3:
        return Agreement(value, float("nan"), float("nan"), n)
    result = bootstrap(
        (rows,), statistic, vectorized=False, n_resamples=resamples, method="percentile", rng=0
    )
    interval = result.confidence_interval
    return Agreement(value, float(interval.low), float(interval.high), n)
