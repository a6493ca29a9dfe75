"""Scorer: how near a candidate's voice is to the target, in the order that saves most work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from corpus.audio.types import Audio, AudioError
from distillation.scoring.encoder import Embedding, SpeakerEncoder, speaker_encoder
from distillation.scoring.features import feature_similarity, features
from distillation.scoring.harmonic import harmonic_score

WEIGHTS: Mapping[str, float] = {"target": 0.48, "self": 0.50, "feature": 0.02}


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
        0-1, likeness of timbre, brightness, energy and pitch to the target's.
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
class Heard:
    """A candidate's first text, as far as it was judged: enough to drop it early."""

    audio: Audio
    embedding: Embedding | None
    target: float


class Scorer:
    """Compares candidates with one target; takes audio, never engines.

    Parameters
    ----------
    target : Audio
        The teacher's clip; embedded and measured once.
    weights : mapping
        Of `target`, `self` and `feature`.
    encoder : SpeakerEncoder, optional
        The process's own by default.

    Raises
    ------
    AudioError
        The target is silent or holds no speech.
    """

    def __init__(
        self,
        target: Audio,
        *,
        weights: Mapping[str, float] = WEIGHTS,
        encoder: SpeakerEncoder | None = None,
    ) -> None:
        self._encoder = encoder or speaker_encoder()
        self._weights = dict(weights)
        self._target = self._encoder.embed(target)
        self._features = features(target)

    def hear(self, first: Audio) -> Heard:
        """Return the target similarity of a candidate's first text.

        Sound without a voice has similarity 0 rather than being an error: a candidate may
        well fall silent, and is dropped.
        """
        try:
            embedding = self._encoder.embed(first)
        except AudioError:
            return Heard(first, None, 0.0)
        return Heard(first, embedding, similarity(embedding, self._target))

    def score(self, heard: Heard, others: Sequence[Audio], *, compared: str = "all") -> Score:
        """Return the full score from the first text already heard and the other texts.

        Parameters
        ----------
        heard : Heard
            From `hear`.
        others : sequence of Audio
            The same voice speaking one or more other texts.
        compared : str
            With the target: `all` texts, or the `first` alone as KVoiceWalk does.
        """
        all_heard = [heard, *(self.hear(audio) for audio in others)]
        target = heard.target if compared == "first" else _mean_target(all_heard)
        return self._total(target, all_heard, self._feature(heard))

    def ceiling(self, heard: Heard) -> float:
        """Return the total (0-100) a voice so heard could reach if all else were perfect."""
        return harmonic_score({"target": heard.target, "self": 1.0, "feature": 1.0}, self._weights)

    def score_all(self, audios: Sequence[Audio]) -> Score:
        """Return the score of a voice over several texts, each compared with the target.

        Target and feature similarity are means over the texts; for validation, where no text
        is special.
        """
        heard = [self.hear(audio) for audio in audios]
        feature = float(np.mean([self._feature(one) for one in heard]))
        return self._total(_mean_target(heard), heard, feature)

    def _feature(self, heard: Heard) -> float:
        if heard.embedding is None:
            return 0.0
        return feature_similarity(features(heard.audio), self._features)

    def _total(self, target: float, heard: Sequence[Heard], feature: float) -> Score:
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


def _mean_target(heard: Sequence[Heard]) -> float:
    return float(np.mean([one.target for one in heard]))


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
