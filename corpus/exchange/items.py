"""What one object of the exchange format holds; attribute names are the format's keys."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ExchangeProsody:
    """Measures of a take: mean pitch (Hz), deviation of energy, syllables a second."""

    pitch_mean: float | None
    energy_std: float | None
    speech_rate: float | None


@dataclass(frozen=True)
class ExchangeRecording:
    """A take: path relative to the file (POSIX), duration (s), quality 0-1 or not measured."""

    path: str
    duration_seconds: float
    quality_score: float | None
    prosody: ExchangeProsody | None


@dataclass(frozen=True)
class ExchangeItem:
    """One sentence as exchanged; `line` is where it began in the file read."""

    sentence_id: str
    text: str
    list: str
    style_label: str | None
    recording: ExchangeRecording | None
    line: int = field(default=0, compare=False)
