"""Test of a deployed voice: one held-out sentence from the speech service, against the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus.audio.loudness import integrated_lufs
from corpus.audio.types import Audio
from distillation.delivery import Delivery
from distillation.scoring.encoder import Embedding
from distillation.scoring.scorer import Scorer
from distillation.stages.clips import read_clips
from distillation.stages.evidence import embedding

SPREADS = 3.0
# A sentence of another length, speed or machine moves by up to 0.03; a stock voice is 0.1 away.
LEAST_MARGIN = 0.05
UNKNOWN_SPREAD = 0.1  # margin with reports that do not list their sentences
LENGTHS = (0.75, 1.33)  # of what the report says
LEVEL_DB = 6.0  # sentences of one voice differ by 2-3 dB
AUDIBLE_LUFS = -50.0


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the report says of a sentence.

    Attributes
    ----------
    number : int
        Of the held-out sentence, from 0: the longest, whose embedding is the most certain.
    similarity : float
        Mean similarity of the held-out sentences to the target.
    threshold : float
        The least similarity: mean - 3 standard deviations of the sentences, which one sentence in
        a thousand of the same voice falls below, and at least `LEAST_MARGIN` under the mean,
        because the deviation of a few sentences may be small by chance.
    duration_s : float
        With the speed of the delivery.
    level_lufs : float or None
        With the gain of the delivery; None if the report does not say it.
    """

    number: int
    similarity: float
    threshold: float
    duration_s: float
    level_lufs: float | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the speech service's sentence measures; `fault` is empty if it is as expected.

    `fault` is `similarity`, `length` or `level`: the first that is off.
    """

    fault: str
    similarity: float
    duration_s: float
    level_lufs: float

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


class VoiceTest:
    """The test of one deployed voice.

    Parameters
    ----------
    report : mapping
        The style's part of the validation report.
    target : path
        The style's target; its other clips are next to it.
    delivery : Delivery
        What the service adds to the pack.

    Raises
    ------
    StageError
        `no_target`, `bad_target`.
    """

    def __init__(self, report: Mapping[str, Any], target: Path, delivery: Delivery) -> None:
        clips = read_clips(target)
        self._target = Scorer(*clips).target_embedding
        target_lufs = float(np.mean([integrated_lufs(clip) for clip in clips]))
        self.expected = _expected(report, self._target, delivery, target_lufs)

    def judge(self, audio: Audio) -> Answer:
        """Measure the sentence the service spoke and compare it with the report."""
        similarity = float(embedding(audio) @ self._target)
        level = float(integrated_lufs(audio))
        return Answer(
            fault=self._fault(similarity, audio.duration_s, level),
            similarity=similarity,
            duration_s=audio.duration_s,
            level_lufs=max(level, -100.0),  # silence is minus infinity, which JSON does not know
        )

    def _fault(self, similarity: float, duration_s: float, level: float) -> str:
        wanted = self.expected
        low, high = (factor * wanted.duration_s for factor in LENGTHS)
        off = wanted.level_lufs is not None and abs(level - wanted.level_lufs) > LEVEL_DB
        if level < AUDIBLE_LUFS or off:
            return "level"
        if not low <= duration_s <= high:
            return "length"
        return "similarity" if similarity < wanted.threshold else ""


def _expected(
    report: Mapping[str, Any], target: Embedding, delivery: Delivery, target_lufs: float
) -> Expected:
    durations = report["evolved"]["durations_s"]
    number = int(np.argmax(durations))
    similarity, margin = _similarity(report, target)
    return Expected(
        number=number,
        similarity=similarity,
        threshold=similarity - margin,
        duration_s=durations[number] / delivery.speed,
        level_lufs=_level(report, delivery, target_lufs),
    )


def _similarity(report: Mapping[str, Any], target: Embedding) -> tuple[float, float]:
    """Return the mean similarity of the held-out sentences, and how far one may be below it."""
    listed: Sequence[Sequence[float]] = (report.get("similarity") or {}).get("embeddings") or ()
    if len(listed) < 2:
        return float(report["evolved"]["score"]["target"]), UNKNOWN_SPREAD
    found = np.asarray(listed) @ target
    return float(found.mean()), max(LEAST_MARGIN, SPREADS * float(found.std(ddof=1)))


def _level(report: Mapping[str, Any], delivery: Delivery, target_lufs: float) -> float | None:
    errors = (report.get("delivery") or {}).get("level_error_db")
    if not errors:
        return None
    return target_lufs + float(errors["without" if delivery.is_plain else "with"])
