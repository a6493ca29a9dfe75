"""Scores a voice against its target, and computes an upper bound on a partial score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio, AudioError
from distillation.recipe import WEIGHTS
from distillation.scoring.encoder import Embedding, SpeakerEncoder, speaker_encoder
from distillation.scoring.features import feature_similarity, features, mean_features

FLOOR = 0.01

PARTS = 128  # segments of the arc between target and voice
SLACK = 1e-4  # score points, for rounding: similarities are in single precision
Vector = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Score:
    """The score of a candidate against the target.

    Attributes
    ----------
    total : float
        0-100, weighted harmonic mean of target, self and feature similarity.
    target : float
        0-1, cosine of the speaker embeddings of the candidate and the target; the mean over
        several texts.
    first : float
        0-1, the same for the first text alone, by which candidates are dropped early.
    self_ : float
        0-1, mean pairwise cosine of the candidate's embeddings over different texts.
    feature : float
        0-1, similarity to the target's timbre, brightness, energy, pitch and pace.
    """

    total: float
    target: float
    first: float
    self_: float
    feature: float

    def to_json(self) -> dict[str, float]:
        """Return the five numbers, with `self_` under the key `self`."""
        values = asdict(self)
        values["self"] = values.pop("self_")
        return values

    @classmethod
    def from_json(cls, data: Mapping[str, float]) -> Score:
        """Read what `to_json` wrote."""
        values = dict(data)
        return cls(self_=values.pop("self"), **values)


@dataclass(frozen=True, eq=False)
class TextResult:
    """One text of a candidate: its audio, speaker embedding and similarity to the target."""

    audio: Audio
    embedding: Embedding | None
    target: float


class Scorer:
    """Compares candidates with one target; takes audio, never engines.

    Several clips of a target are one voice: the mean of their embeddings is normalized, which is
    the centroid of [1]_ (and Resemblyzer's `embed_speaker`). The mean of the clips' cosines would
    rank candidates the same, since it equals the cosine with the centroid times the norm of the
    mean; but no voice could then reach 1, and the more the clips differ, the less target
    similarity would weigh against the other parts.

    Parameters
    ----------
    *clips : Audio
        One or more target clips; each is embedded and measured once, here.
    weights : mapping
        Of `target`, `self` and `feature`.
    encoder : SpeakerEncoder, optional
        By default that of the process.

    Raises
    ------
    AudioError
        A clip is silent or contains no speech.

    References
    ----------
    .. [1] Wan et al. 2018, "Generalized end-to-end loss for speaker verification", eq. 1.
    """

    def __init__(
        self,
        *clips: Audio,
        weights: Mapping[str, float] = WEIGHTS,
        encoder: SpeakerEncoder | None = None,
    ) -> None:
        self._encoder = encoder or speaker_encoder()
        self._weights = dict(weights)
        self._target = centroid([self._encoder.embed(clip) for clip in clips])
        self._features = mean_features([features(clip) for clip in clips])

    @property
    def target_embedding(self) -> Embedding:
        """The target's speaker embedding: the centroid of its clips, a unit vector."""
        return self._target

    def measure_text(self, audio: Audio) -> TextResult:
        """Return the embedding of one text and its target similarity.

        Audio without speech has similarity 0 instead of raising: a candidate may become silent,
        and is then dropped.
        """
        try:
            embedding = self._encoder.embed(audio)
        except AudioError:
            return TextResult(audio, None, 0.0)
        return TextResult(audio, embedding, similarity(embedding, self._target))

    def feature(self, results: TextResult) -> float:
        """Return the feature similarity (0-1) of a measured text; 0 without speech."""
        if results.embedding is None:
            return 0.0
        return feature_similarity(features(results.audio), self._features)

    def score(
        self, results: Sequence[TextResult], *, compared: str = "all", feature: float | None = None
    ) -> Score:
        """Return the full score of a voice from all its texts.

        Parameters
        ----------
        results : sequence of TextResult
            The same voice speaking two or more texts, from `measure_text`.
        compared : str
            Which texts are compared with the target: `all`, or only the `first` as in KVoiceWalk.
        feature : float, optional
            Feature similarity of the first text, from `feature`, if already known.
        """
        target = results[0].target if compared == "first" else _mean_target(results)
        return self._total(
            target, results, self.feature(results[0]) if feature is None else feature
        )

    def ceiling(
        self,
        results: Sequence[TextResult],
        *,
        texts: int,
        compared: str = "all",
        feature: float = 1.0,
    ) -> float:
        """Return an upper bound (0-100) on the total of a voice, given its first texts.

        Parameters
        ----------
        results : sequence of TextResult
            Its first texts, one or more.
        texts : int
            Total number of texts.
        compared : str
            As for `score`.
        feature : float
            From `feature`, if already known.
        """
        voiced = [one.embedding for one in results if one.embedding is not None]
        if len(voiced) < len(results):
            values = {"target": 1.0, "self": 0.0, "feature": feature}
            return harmonic_score(values, self._weights)
        return total_bound(
            voiced,
            self._target,
            texts=texts,
            weights=self._weights,
            first_alone=compared == "first",
            feature=feature,
        )

    def score_all(self, audios: Sequence[Audio]) -> Score:
        """Return the score of a voice over several texts, each compared with the target.

        Target and feature similarity are means over the texts; for validation, in which all
        texts count the same.
        """
        results = [self.measure_text(audio) for audio in audios]
        feature = float(np.mean([self.feature(one) for one in results]))
        return self._total(_mean_target(results), results, feature)

    def _total(self, target: float, results: Sequence[TextResult], feature: float) -> Score:
        voiced = [one.embedding for one in results if one.embedding is not None]
        steady = self_similarity(voiced) if len(voiced) == len(results) else 0.0
        values = {"target": target, "self": steady, "feature": feature}
        return Score(
            total=harmonic_score(values, self._weights),
            target=values["target"],
            first=results[0].target,
            self_=values["self"],
            feature=values["feature"],
        )


def _mean_target(results: Sequence[TextResult]) -> float:
    return float(np.mean([one.target for one in results]))


def centroid(embeddings: Sequence[Embedding]) -> Embedding:
    """Return the normalized mean of unit vectors."""
    mean = np.mean(embeddings, axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def similarity(a: Embedding, b: Embedding) -> float:
    """Return the cosine of two unit vectors without negative entries, 0-1."""
    return float(np.clip(a @ b, 0.0, 1.0))


def self_similarity(embeddings: Sequence[Embedding]) -> float:
    """Return the mean cosine over all pairs, 0-1, of one voice's embeddings of different texts.

    Raises
    ------
    ValueError
        Fewer than two embeddings.
    """
    if len(embeddings) < 2:
        raise ValueError("self-similarity compares two texts or more.")
    return float(np.mean([similarity(a, b) for a, b in combinations(embeddings, 2)]))


def total_bound(
    results: Sequence[Vector],
    target: Vector,
    *,
    texts: int,
    weights: Mapping[str, float],
    first_alone: bool,
    feature: float = 1.0,
) -> float:
    """Return an upper bound, 0-100, on the total of a voice, given embeddings of its first texts.

    The embedding of a further text has an angle a to the target and b to the sum of those in
    `results`, and ``a + b`` is no less than the angle between these two (triangle inequality), so
    it cannot be close to both. The maximum along that arc is searched segment by segment, taking
    for each similarity the better end of the segment, so that the bound is never too low.

    Parameters
    ----------
    results : sequence of ndarray, shape (n,)
        Unit embeddings without negative entries, one or more.
    target : ndarray, shape (n,)
        Such an embedding, or a mean of several.
    texts : int
        Total number of texts.
    weights : mapping
        Of `target`, `self` and `feature`.
    first_alone : bool
        Whether only the first text is compared with the target.
    feature : float
        Feature similarity, 0-1; 1 if not known yet.
    """
    missing = texts - len(results)
    near, steady = _arc(np.sum(results, axis=0, dtype=np.float64), np.asarray(target, np.float64))
    known = [float(one @ target) for one in results]
    if first_alone:
        near, steady = np.full(1, known[0]), steady.max(keepdims=True)
    else:
        near = (sum(known) + missing * near) / texts
    pairs = sum(float(a @ b) for a, b in combinations(results, 2))
    pairs += missing * (missing - 1) / 2
    steady = (pairs + missing * steady) / (texts * (texts - 1) / 2)
    totals = [
        harmonic_score({"target": min(a, 1.0), "self": min(b, 1.0), "feature": feature}, weights)
        for a, b in _frontier(near, steady)
    ]
    return max(totals) + SLACK


def _arc(voice: Vector, target: Vector) -> tuple[Vector, Vector]:
    """Return upper bounds on a unit vector's products with target and voice, per arc segment."""
    lengths = float(np.linalg.norm(voice)), float(np.linalg.norm(target))
    cosine = float(voice @ target) / (lengths[0] * lengths[1])
    edges = np.linspace(0.0, np.arccos(np.clip(cosine, -1.0, 1.0)), PARTS + 1)
    return lengths[1] * np.cos(edges[:-1]), lengths[0] * np.cos(edges[-1] - edges[1:])


def _frontier(near: Vector, steady: Vector) -> list[tuple[float, float]]:
    return list(zip(near.tolist(), steady.tolist(), strict=True))


def harmonic_score(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return ``100 · Σw / Σ(w/v)``.

    Parameters
    ----------
    values : mapping of str to float
        Similarities, 0-1; below `FLOOR` they count as `FLOOR`.
    weights : mapping of str to float
        One positive weight for each value.

    Returns
    -------
    float
        1-100; all values equal to v give 100 · v.

    Raises
    ------
    ValueError
        Values and weights of different names.

    Examples
    --------
    >>> round(harmonic_score({"a": 1.0, "b": 0.5}, {"a": 1.0, "b": 1.0}), 2)
    66.67
    """
    if values.keys() != weights.keys():
        raise ValueError(f"weights {sorted(weights)} do not fit values {sorted(values)}.")
    total = sum(weights.values())
    return 100.0 * total / sum(weights[name] / max(values[name], FLOOR) for name in weights)
