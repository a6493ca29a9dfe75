"""How natural target, start, best base voice and evolved voice sound on held-out sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.special import stdtrit

from corpus.audio import timing
from corpus.audio.types import Audio
from distillation.scoring.naturalness import naturalness

SCALE = (1.0, 5.0)
CONFIDENCE = 0.95
PIECE_S = (3.0, 7.5)  # of a target clip: shorter ones score too low, longer ones in windows


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """The opinion score of one voice over several sentences.

    Attributes
    ----------
    mean : float
        1-5, higher is more natural.
    low, high : float or None
        95 % confidence interval of the mean, by Student's t over the sentences, clipped to 1-5;
        None for a single sentence.
    sentences : tuple of float
        Score of each sentence.
    """

    mean: float
    low: float | None
    high: float | None
    sentences: tuple[float, ...]

    @classmethod
    def of(cls, scores: Sequence[float]) -> Self:
        mean, count = float(np.mean(scores)), len(scores)
        low = high = None
        if count > 1:
            half = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2) * np.std(scores, ddof=1))
            half /= count**0.5
            low, high = max(SCALE[0], mean - half), min(SCALE[1], mean + half)
        return cls(mean=mean, low=low, high=high, sentences=tuple(scores))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self) | {"sentences": list(self.sentences)}


@dataclass(frozen=True, kw_only=True)
class Naturalness:
    """Predicted naturalness of the voices of one style.

    Attributes
    ----------
    target : Opinion
        On the held-out sentences synthesized by the teacher; if there are none, on the target
        clips, cut at their pauses.
    target_of : str
        Which of the two: `sentences` or `clips`.
    start, best_base, evolved, deployed : Opinion
        On the held-out sentences. The best base voice is the one with the highest score when
        the search chose its start; it is the start, unless a blend of two was better. `deployed`
        is None if no voice of this style is in service.
    voice : str
        Name of the best base voice; empty if unknown, and then the start is used.
    """

    target: Opinion
    target_of: str
    start: Opinion
    best_base: Opinion
    evolved: Opinion
    voice: str
    deployed: Opinion | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "target": {**self.target.to_json(), "of": self.target_of},
            "start": self.start.to_json(),
            "best_base": {**self.best_base.to_json(), "voice": self.voice},
            "evolved": self.evolved.to_json(),
            **({"deployed": self.deployed.to_json()} if self.deployed else {}),
        }


def predicted_naturalness(
    spoken: Mapping[str, Sequence[Audio]], clips: Sequence[Audio], voice: str
) -> Naturalness:
    """Predict the naturalness of the spoken sentences.

    Parameters
    ----------
    spoken : mapping of str to sequence of Audio
        Held-out sentences by `start` and `evolved`; by `best_base` if it is not the start; by
        `deployed` if there is one; by `target` as far as the teacher synthesized them.
    clips : sequence of Audio
        Target clips.
    voice : str
        Name of the best base voice.
    """
    scores = {kind: list(map(naturalness, audios)) for kind, audios in spoken.items()}
    pieces = [] if scores["target"] else [piece for clip in clips for piece in cut(clip)]
    start = Opinion.of(scores["start"])
    return Naturalness(
        target=Opinion.of(scores["target"] or list(map(naturalness, pieces))),
        target_of="sentences" if scores["target"] else "clips",
        start=start,
        best_base=Opinion.of(scores["best_base"]) if scores.get("best_base") else start,
        evolved=Opinion.of(scores["evolved"]),
        voice=voice,
        deployed=Opinion.of(scores["deployed"]) if scores.get("deployed") else None,
    )


def cut(clip: Audio) -> list[Audio]:
    """Return the clip cut at its pauses into pieces of 3-7.5 s, as far as the pauses allow.

    Pieces shorter than 3 s are left out; if no others remain, the whole clip is returned.
    """
    shortest_s, longest_s = PIECE_S
    spans: list[tuple[float, float]] = []
    for first, last in timing.find(clip).sounding:
        if spans and last - spans[-1][0] <= longest_s:
            spans[-1] = spans[-1][0], last
        else:
            spans.append((first, last))
    pieces = [clip.part(first, last) for first, last in spans if last - first >= shortest_s]
    return pieces or [clip]
