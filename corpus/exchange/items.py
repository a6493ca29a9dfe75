"""One object of the exchange format, read and written; attribute names are the format's keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field


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


def dump(items: Iterable[ExchangeItem]) -> Iterator[str]:
    """Write items as a JSON array, one object a line, exactly the format's keys.

    Parameters
    ----------
    items : iterable of ExchangeItem
        Read once, never all held.

    Yields
    ------
    str
        Pieces of the JSON text; `style_label` and `recording` are null where there is none.
    """
    before = "[\n"
    for item in items:
        found = asdict(item)
        del found["line"]
        yield before + json.dumps(found, ensure_ascii=False, allow_nan=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"
