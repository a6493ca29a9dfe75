"""The objects of the exchange format and their serialization; attributes are named as the keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class ExchangeProsody:
    """Measures of a take: mean pitch (Hz), deviation of energy, syllables per second."""

    pitch_mean: float | None
    energy_std: float | None
    speech_rate: float | None


@dataclass(frozen=True)
class ExchangeRecording:
    """A take: POSIX path relative to the file, duration (s), quality 0-1 or None if unmeasured.

    The speaker is None if unknown, as in files written before it was part of the format.
    """

    path: str
    duration_seconds: float
    quality_score: float | None
    prosody: ExchangeProsody | None
    speaker: str | None = None


@dataclass(frozen=True)
class ExchangeItem:
    """One sentence of the format; `line` is its first line in the parsed file."""

    sentence_id: str
    text: str
    list: str
    style_label: str | None
    recording: ExchangeRecording | None
    line: int = field(default=0, compare=False)


def dump(items: Iterable[ExchangeItem]) -> Iterator[str]:
    """Serialize items as a JSON array, one object per line, with exactly the format's keys.

    Parameters
    ----------
    items : iterable of ExchangeItem
        Consumed lazily, one at a time.

    Yields
    ------
    str
        Pieces of the JSON text; missing `style_label` and `recording` are null, an unknown
        speaker is left out.
    """
    before = "[\n"
    for item in items:
        found = asdict(item)
        del found["line"]
        if item.recording and item.recording.speaker is None:
            del found["recording"]["speaker"]
        yield before + json.dumps(found, ensure_ascii=False, allow_nan=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"
