"""Scorer: how near a candidate's voice is to the target, in the order that saves most work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from corpus.audio.types import Audio, AudioError
from distillation.recipe import WEIGHTS
from distillation.scoring.encoder import Embedding, SpeakerEncoder, speaker_encoder
from distillation.scoring.features import feature_similarity, features, mean_features
from distillation.scoring.harmonic import harmonic_score
from distillation.scoring.score_bound import total_bound


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
