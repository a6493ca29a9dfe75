"""One text that a candidate spoke, measured: what a worker hands over for the candidate's score."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from corpus.audio.types import Audio
from distillation.scoring import TextResult


@dataclass(frozen=True)
class SpokenText:
    """A text's sound and what was measured of it, to the bit after any number of JSON trips.

    Attributes
    ----------
    samples : str
        Base64 of the float32 samples, little-endian.
    sr : int
        Hz.
    embedding : tuple of float or None
        Of the speaker, (256,); None without speech.
    target : float
        0-1: its similarity to the target.
    rating : float
        Its predicted naturalness, as the objective weighs it.
    """

    samples: str
    sr: int
    embedding: tuple[float, ...] | None
    target: float
    rating: float

    @classmethod
    def of(cls, result: TextResult, rating: float) -> Self:
        """Return what a text's measurement comes to."""
        samples = result.audio.y.astype("<f4").tobytes()
        embedding = None if result.embedding is None else tuple(result.embedding.tolist())
        return cls(
            base64.b64encode(samples).decode(), result.audio.sr, embedding, result.target, rating
        )

    @property
    def result(self) -> TextResult:
        """The measurement."""
        samples = np.frombuffer(base64.b64decode(self.samples), "<f4").astype(np.float32)
        embedding = None if self.embedding is None else np.array(self.embedding, np.float32)
        return TextResult(Audio(samples, self.sr), embedding, self.target)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; `from_json` reads them back to an equal one."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        embedding = data["embedding"]
        return cls(**{**data, "embedding": None if embedding is None else tuple(embedding)})
