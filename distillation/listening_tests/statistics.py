"""Means of votes with 95 % intervals that treat listeners and sentences as drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
CONFIDENCE = 0.95
Z = 1.959964  # normal quantile of CONFIDENCE
Draws = NDArray[np.float64]


class Vote(NamedTuple):
    """One vote: who gave it, on which sentence, and its value."""

    listener: int
    sentence: int
    value: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean over votes with its interval, and what it is made of.

    Attributes
    ----------
    value : float
        The mean.
    low, high : float or None
        95 % interval; None where it cannot be known: one vote, or means of equal votes.
    votes, listeners, sentences : int
        Numbers it is computed from.
    """

    value: float
    low: float | None
    high: float | None
    votes: int
    listeners: int
    sentences: int

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    def excludes(self, null: float) -> bool:
        """Return whether the interval is known and lies on one side of a value."""
        return self.low is not None and self.high is not None and not self.low <= null <= self.high


class Clusters:
    """Bootstrap weights of listeners and sentences, common to all means of a test.

    Each draw takes as many listeners and, independently, as many sentences as there are, with
    replacement; a vote counts as often as its listener times its sentence were drawn. This is
    the pigeonhole bootstrap of crossed random effects: its variance is never too small in
    expectation, so intervals are rather too wide than too narrow.

    Parameters
    ----------
    votes : sequence of Vote
        All votes of the test, whose listeners and sentences are the clusters.
    draws : int
        Bootstrap draws.

    References
    ----------
    .. [1] Owen 2007, "The pigeonhole bootstrap", Annals of Applied Statistics 1:386.
    .. [2] ITU-T P.808, 8 (confidence intervals; here clustered instead of normal).
    """

    def __init__(self, votes: Sequence[Vote], draws: int = DRAWS) -> None:
        self._rows = {key: n for n, key in enumerate(sorted({vote.listener for vote in votes}))}
        self._columns = {key: n for n, key in enumerate(sorted({vote.sentence for vote in votes}))}
        rng = np.random.default_rng(0)
        self._of_listeners = _drawn(rng, len(self._rows), draws)
        self._of_sentences = _drawn(rng, len(self._columns), draws)

    def means(self, votes: Sequence[Vote]) -> Draws:
        """Return the mean of the votes in every draw; NaN where none of them was drawn.

        Returns
        -------
        ndarray, shape (draws + 1,)
            The first is the mean itself.
        """
        sums, counts = np.zeros((2, len(self._rows), len(self._columns)))
        for listener, sentence, value in votes:
            at = self._rows[listener], self._columns[sentence]
            sums[at] += value
            counts[at] += 1
        total = self._weighted(counts)
        known = total > 0
        return np.divide(self._weighted(sums), total, out=np.full(len(total), np.nan), where=known)

    def _weighted(self, cells: Draws) -> Draws:
        weighted: Draws = ((self._of_listeners @ cells) * self._of_sentences).sum(axis=1)
        return weighted


def _drawn(rng: np.random.Generator, count: int, draws: int) -> Draws:
    """Return how often each of `count` was drawn; once each in the first row."""
    if count < 2:
        return np.ones((draws + 1, count))
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=draws)
    return np.vstack([np.ones(count), drawn]).astype(np.float64)


def estimate(draws: Draws, votes: Sequence[Vote]) -> Estimate:
    """Return the estimate of which `draws` are the bootstrap, made of these votes."""
    known = draws[1:][np.isfinite(draws[1:])]
    low = high = None
    if len(votes) > 1 and len(known):
        low, high = map(float, np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]))
    if low == high:
        low = high = None
    return Estimate(
        value=float(draws[0]),
        low=low,
        high=high,
        votes=len(votes),
        listeners=len({vote.listener for vote in votes}),
        sentences=len({vote.sentence for vote in votes}),
    )


def share(clusters: Clusters, votes: Sequence[Vote]) -> Estimate:
    """Return the mean of votes from 0 to 1, with an interval even if all are equal.

    Equal votes give the bootstrap nothing to draw; Wilson's interval is then used, with the
    number of listeners or sentences, whichever is lower but above one, as that of votes.
    """
    found = estimate(clusters.means(votes), votes)
    if found.low is not None or len(votes) < 2:
        return found
    count = min(n for n in (found.listeners, found.sentences, len(votes)) if n > 1)
    low, high = wilson(found.value, count)
    return Estimate(**{**asdict(found), "low": low, "high": high})


def wilson(value: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` independent votes.

    References
    ----------
    .. [1] Wilson 1927, Journal of the American Statistical Association 22:209.
    """
    middle = (value + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z * np.sqrt(value * (1 - value) / count + Z**2 / (4 * count**2)) / (1 + Z**2 / count)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def gap_closed(part: Draws, whole: Draws, votes: Sequence[Vote]) -> Estimate | None:
    """Return which share of the way from the stock voice to the target a voice has gone.

    Parameters
    ----------
    part, whole : ndarray, shape (draws + 1,)
        How much better than the stock voice the voice and the target are, in the same draws.
    votes : sequence of Vote
        The votes that both are made of.

    Returns
    -------
    Estimate or None
        1 at the target, 0 at the stock voice; None unless the target is better than the stock
        voice beyond chance, as the share has no meaning then.
    """
    gap = estimate(whole, votes)
    if gap.low is None or gap.low <= 0:
        return None
    ratio = np.divide(part, whole, out=np.full(len(whole), np.nan), where=np.abs(whole) > 0)
    return estimate(ratio, votes)
