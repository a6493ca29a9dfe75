"""Scores a voice against its target, and bounds the score it can still reach."""

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

PARTS = 128  # of the arc between target and voice
SLACK = 1e-4  # points; single precision rounds the similarities of a score
Vector = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Score:
    """A candidate against the target.

    Attributes
    ----------
    total : float
        0-100, weighted harmonic mean of the three.
    target : float
        0-1, cosine of the speaker embeddings of the candidate and the target clip; over several
        texts their mean.
    first : float
        0-1, the same of the first text alone, by which candidates are dropped early.
    self_ : float
        0-1, mean pairwise cosine of the candidate's voice over different texts.
    feature : float
        0-1, differentiable_similarity of timbre, brightness, energy and pitch to the target's.
    """

    total: float
    target: float
    first: float
    self_: float
    feature: float

    def to_json(self) -> dict[str, float]:
        """Return the five numbers; `self_` under the name `self`."""
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
    """One text of a candidate: its sound, its voice, and how near that is to the target."""

    audio: Audio
    embedding: Embedding | None
    target: float


class Scorer:
    """Compares candidates with one target; takes audio, never engines.

    Several clips of a target are one voice: their embeddings are averaged and the mean brought
    back to length one, the centroid of [1]_ (and Resemblyzer's `embed_speaker`). The mean of
    the clips' cosines would rank candidates the same, since it is the cosine with the centroid
    times the centroid's length; but no voice could then reach 1, and the more the clips
    differ, the less target similarity would weigh beside the other parts.

    Parameters
    ----------
    *clips : Audio
        One or more of the target; each embedded and measured once, here.
    weights : mapping
        Of `target`, `self` and `feature`.
    encoder : SpeakerEncoder, optional
        The process's own by default.

    Raises
    ------
    AudioError
        A clip is silent or holds no speech.

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

    def hear(self, audio: Audio) -> TextResult:
        """Return the voice of one text and its target similarity.

        Sound without a voice has similarity 0 rather than being an error: a candidate may
        well fall silent, and is dropped.
        """
        try:
            embedding = self._encoder.embed(audio)
        except AudioError:
            return TextResult(audio, None, 0.0)
        return TextResult(audio, embedding, similarity(embedding, self._target))

    def feature(self, heard: TextResult) -> float:
        """Return the feature similarity (0-1) of a text that was heard; 0 without a voice."""
        if heard.embedding is None:
            return 0.0
        return feature_similarity(features(heard.audio), self._features)

    def score(
        self, heard: Sequence[TextResult], *, compared: str = "all", feature: float | None = None
    ) -> Score:
        """Return the full score of a voice from all its texts.

        Parameters
        ----------
        heard : sequence of TextResult
            The same voice speaking two or more texts, from `hear`.
        compared : str
            With the target: `all` texts, or the `first` alone as KVoiceWalk does.
        feature : float, optional
            Of the first text, from `feature`, where it is known already.
        """
        target = heard[0].target if compared == "first" else _mean_target(heard)
        return self._total(target, heard, self.feature(heard[0]) if feature is None else feature)

    def ceiling(
        self,
        heard: Sequence[TextResult],
        *,
        texts: int,
        compared: str = "all",
        feature: float = 1.0,
    ) -> float:
        """Return a total (0-100) that a voice so heard cannot exceed, whatever it says next.

        Parameters
        ----------
        heard : sequence of TextResult
            The first of its texts, one or more.
        texts : int
            How many it speaks in all.
        compared : str
            As for `score`.
        feature : float
            From `feature`, where it is known already.
        """
        voiced = [one.embedding for one in heard if one.embedding is not None]
        if len(voiced) < len(heard):
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

        Target and feature similarity are means over the texts; for validation, where no text
        is special.
        """
        heard = [self.hear(audio) for audio in audios]
        feature = float(np.mean([self.feature(one) for one in heard]))
        return self._total(_mean_target(heard), heard, feature)

    def _total(self, target: float, heard: Sequence[TextResult], feature: float) -> Score:
        voiced = [one.embedding for one in heard if one.embedding is not None]
        steady = self_similarity(voiced) if len(voiced) == len(heard) else 0.0
        values = {"target": target, "self": steady, "feature": feature}
        return Score(
            total=harmonic_score(values, self._weights),
            target=values["target"],
            first=heard[0].target,
            self_=values["self"],
            feature=values["feature"],
        )


def _mean_target(heard: Sequence[TextResult]) -> float:
    return float(np.mean([one.target for one in heard]))


def centroid(embeddings: Sequence[Embedding]) -> Embedding:
    """Return the mean of unit vectors, brought back to length one."""
    mean = np.mean(embeddings, axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def similarity(a: Embedding, b: Embedding) -> float:
    """Return the cosine of two unit vectors without negative entries, 0-1."""
    return float(np.clip(a @ b, 0.0, 1.0))


def self_similarity(embeddings: Sequence[Embedding]) -> float:
    """Return the mean cosine over all pairs, 0-1; one voice over different texts.

    Raises
    ------
    ValueError
        Fewer than two embeddings.
    """
    if len(embeddings) < 2:
        raise ValueError("self-similarity compares two texts or more.")
    return float(np.mean([similarity(a, b) for a, b in combinations(embeddings, 2)]))


def total_bound(
    heard: Sequence[Vector],
    target: Vector,
    *,
    texts: int,
    weights: Mapping[str, float],
    first_alone: bool,
    feature: float = 1.0,
) -> float:
    """Return a total, 0-100, that no voice can exceed whose first texts were so heard.

    A text not heard yet may lie at an angle a from the target and b from what was heard, and
    ``a + b`` is no less than the angle between these two: it cannot be at both at once.
    Along that arc the best is sought part by part, each part at the better end of both, so
    that the bound is never too low.

    Parameters
    ----------
    heard : sequence of ndarray, shape (n,)
        Unit embeddings without negative entries, one or more.
    target : ndarray, shape (n,)
        Such an embedding, or a mean of several.
    texts : int
        How many the voice speaks in all.
    weights : mapping
        Of `target`, `self` and `feature`.
    first_alone : bool
        Whether only the first text is compared with the target.
    feature : float
        Feature similarity, 0-1; 1 where it is not known yet.
    """
    missing = texts - len(heard)
    near, steady = _arc(np.sum(heard, axis=0, dtype=np.float64), np.asarray(target, np.float64))
    known = [float(one @ target) for one in heard]
    if first_alone:
        near, steady = np.full(1, known[0]), steady.max(keepdims=True)
    else:
        near = (sum(known) + missing * near) / texts
    pairs = sum(float(a @ b) for a, b in combinations(heard, 2))
    pairs += missing * (missing - 1) / 2
    steady = (pairs + missing * steady) / (texts * (texts - 1) / 2)
    totals = [
        harmonic_score({"target": min(a, 1.0), "self": min(b, 1.0), "feature": feature}, weights)
        for a, b in _frontier(near, steady)
    ]
    return max(totals) + SLACK


def _arc(voice: Vector, target: Vector) -> tuple[Vector, Vector]:
    """Return the products with target and voice that a unit vector may reach, part by part."""
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
