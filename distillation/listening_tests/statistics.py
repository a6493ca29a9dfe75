"""Means of votes with 95 % intervals that treat listeners and sentences as drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
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

    Listeners and sentences are drawn with replacement; a vote counts as often as its listener
    times its sentence were drawn. There are draws of both, of listeners alone, and of sentences
    alone: both together exaggerate what single votes scatter, and the others say by how much.

    Parameters
    ----------
    votes : sequence of Vote
        All votes of the test, whose listeners and sentences are the clusters.
    draws : int
        Bootstrap draws of each of the three ways.

    References
    ----------
    .. [1] Owen 2007, "The pigeonhole bootstrap", Annals of Applied Statistics 1:386.
    """

    def __init__(self, votes: Sequence[Vote], draws: int = DRAWS) -> None:
        self._rows = {key: n for n, key in enumerate(sorted({vote.listener for vote in votes}))}
        self._columns = {key: n for n, key in enumerate(sorted({vote.sentence for vote in votes}))}
        rng = np.random.default_rng(0)
        listeners, sentences = len(self._rows), len(self._columns)
        fixed = np.ones((draws, max(listeners, sentences)))
        both = _drawn(rng, listeners, draws), _drawn(rng, sentences, draws)
        first = np.ones((1, listeners)), np.ones((1, sentences))
        of_listeners = (first[0], both[0], _drawn(rng, listeners, draws), fixed[:, :listeners])
        of_sentences = (first[1], both[1], fixed[:, :sentences], _drawn(rng, sentences, draws))
        self._of_listeners, self._of_sentences = np.vstack(of_listeners), np.vstack(of_sentences)

    def means(self, votes: Sequence[Vote]) -> Draws:
        """Return the mean of the votes in every draw; NaN where none of them was drawn.

        Returns
        -------
        ndarray, shape (1 + 3 * draws,)
            The mean itself; then the draws of both, of listeners, and of sentences.
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
    """Return how often each of `count` was drawn."""
    if count < 2:
        return np.ones((draws, count))
    return rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(np.float64)


def estimate(draws: Draws, votes: Sequence[Vote]) -> Estimate:
    """Return the estimate of which `draws` are the bootstrap, made of these votes."""
    counts = len({vote.listener for vote in votes}), len({vote.sentence for vote in votes})
    low, high = _interval(draws, counts) if len(votes) > 1 else (None, None)
    return Estimate(
        value=float(draws[0]),
        low=low,
        high=high,
        votes=len(votes),
        listeners=counts[0],
        sentences=counts[1],
    )


def _interval(draws: Draws, counts: tuple[int, int]) -> tuple[float | None, float | None]:
    """Return the 95 % interval: that of both draws, its width corrected.

    Where `a` and `b` are the variances over draws of listeners and of sentences, and `c` that
    over draws of both, a single vote's share of `c` is three times what it should be, so the
    variance is 2 * (a + b) - c, but at least the larger of a and b [1]_. With few clusters the
    bootstrap's variance is too small by (n - 1) / n, and the interval has the width of Student's.

    References
    ----------
    .. [1] Owen 2007, theorem 1; Cameron, Gelbach & Miller 2011, "Robust inference with multiway
       clustering", Journal of Business & Economic Statistics 29:238 (the same sum).
    """
    parts = [part[np.isfinite(part)] for part in np.split(draws[1:], 3)]
    if min(map(len, parts)) < 2:
        return None, None
    both, listeners, sentences = (float(np.var(part)) for part in parts)
    if both <= 0:
        return None, None
    wanted = max(2 * (listeners + sentences) - both, listeners, sentences)
    factor = float(np.sqrt(min(1.0, wanted / both))) * _small_sample(counts)
    low, high = np.quantile(parts[0], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    value = float(draws[0])
    return value + factor * (float(low) - value), value + factor * (float(high) - value)


def _small_sample(counts: tuple[int, int]) -> float:
    """Return by how much few clusters widen an interval, 1 for many."""
    several = [count for count in counts if count > 1]
    fewest, free = min(several, default=2), max(1, sum(count - 1 for count in several))
    student = Z + (Z**3 + Z) / (4 * free) + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * free**2)
    return float(np.sqrt(fewest / (fewest - 1)) * student / Z)


def share(clusters: Clusters, votes: Sequence[Vote]) -> Estimate:
    """Return the mean of votes from 0 to 1, with an interval even if all are equal.

    Equal votes give the bootstrap nothing to draw; Wilson's interval is then used, with the
    number of listeners or sentences, whichever is lower but above one, as that of votes.
    """
    found = estimate(clusters.means(votes), votes)
    if len(votes) < 2:
        return found
    if found.low is None or found.high is None:
        count = min(n for n in (found.listeners, found.sentences, len(votes)) if n > 1)
        low, high = wilson(found.value, count)
    else:
        low, high = max(0.0, found.low), min(1.0, found.high)
    return replace(found, low=low, high=high)


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
