"""Bootstrap intervals over the held-out sentences: of means, of a voice's score and its change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio
from distillation.scoring import Score, Scorer
from distillation.scoring.scorer import TextResult, harmonic_score, self_similarity

Vector = NDArray[np.float64]

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


@dataclass(frozen=True, eq=False)
class ScoredVoice:
    """A voice's sentences, measured by a scorer: what its score is made of.

    Attributes
    ----------
    texts : tuple of TextResult
    features : tuple of float
        Feature similarity of each, 0-1.
    score : Score
        Of all sentences, each compared with the target.
    """

    texts: tuple[TextResult, ...]
    features: tuple[float, ...]
    score: Score

    @classmethod
    def of(cls, scorer: Scorer, audios: Sequence[Audio]) -> ScoredVoice:
        """Measure the sentences; the score is that of `Scorer.score_all`."""
        texts = tuple(scorer.measure_text(audio) for audio in audios)
        features = tuple(scorer.feature(one) for one in texts)
        return cls(texts, features, scorer.score(texts, feature=float(np.mean(features))))


def score_intervals(
    voices: Mapping[str, ScoredVoice], weights: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """Return the score of voices with intervals over the sentences, and its differences.

    Sentences are drawn with replacement, the same for all voices, so that differences are paired.
    The score of a draw is computed as that of all sentences; its self-similarity leaves out pairs
    of a sentence with itself, which would raise it.

    Parameters
    ----------
    voices : mapping of str to ScoredVoice
        `start`, `evolved` and, if a voice of the style is in service, `deployed`.
    weights : mapping
        Of the score: `target`, `self` and `feature`.

    Returns
    -------
    dict
        Intervals (0-100) by voice, of the `gain` over the start and `over_deployed`.

    References
    ----------
    .. [1] Efron & Tibshirani 1993, "An Introduction to the Bootstrap", ch. 13.
    """
    sentences = len(voices["evolved"].texts)
    drawn = np.random.default_rng(0).integers(sentences, size=(DRAWS, sentences))
    counts = np.stack([(drawn == one).sum(axis=1) for one in range(sentences)], axis=1)
    totals = {kind: _totals(voice, counts, weights) for kind, voice in voices.items()}
    found = {kind: _interval(voice.score.total, totals[kind]) for kind, voice in voices.items()}
    for name, other in (("gain", "start"), ("over_deployed", "deployed")):
        if other in voices:
            change = voices["evolved"].score.total - voices[other].score.total
            found[name] = _interval(change, totals["evolved"] - totals[other])
    return {name: one.to_json() for name, one in found.items()}


def _totals(voice: ScoredVoice, counts: NDArray[np.int_], weights: Mapping[str, float]) -> Vector:
    """Return the score of each draw; counts (draws, sentences): how often it has a sentence."""
    sentences = counts.shape[1]
    parts = zip(
        counts @ np.array([one.target for one in voice.texts]) / sentences,
        _steadiness(voice, counts),
        counts @ np.array(voice.features) / sentences,
        strict=True,
    )
    values = [dict(zip(("target", "self", "feature"), one, strict=True)) for one in parts]
    return np.array([harmonic_score(one, weights) for one in values])


def _steadiness(voice: ScoredVoice, counts: NDArray[np.int_]) -> Vector:
    """Return the self-similarity of each draw; that of all sentences where a draw has only one."""
    found = [one.embedding for one in voice.texts if one.embedding is not None]
    if len(found) < len(voice.texts):
        return np.zeros(len(counts))
    rows = np.stack(found).astype(np.float64)
    cosines = np.clip(rows @ rows.T, 0.0, 1.0)
    np.fill_diagonal(cosines, 0.0)
    pairs = counts.sum(axis=1) ** 2 - (counts**2).sum(axis=1)
    sums = np.einsum("di,ij,dj->d", counts, cosines, counts)
    return np.where(pairs > 0, sums / np.maximum(pairs, 1), self_similarity(found))


def _interval(value: float, draws: Vector) -> Interval:
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(mean=value, low=float(low), high=float(high))
