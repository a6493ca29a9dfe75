"""The measures by which styles are told apart: one figure for each spoken sentence.

A new measure is a function like these in a module of its own and a line in `MEASURES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter

from corpus.audio.prosody import Prosody
from corpus.audio.types import Audio

Measure = Callable[[Audio, Prosody], float | None]  # None where it cannot be told


def _of_prosody(name: str) -> Measure:
    value = attrgetter(name)
    return lambda _audio, prosody: value(prosody)


MEASURES: dict[str, Measure] = {
    "pitch_mean_hz": _of_prosody("pitch_mean_hz"),
    "energy_std": _of_prosody("energy_std"),
    "speech_rate": _of_prosody("speech_rate"),
}


def measured(audio: Audio, prosody: Prosody) -> Mapping[str, float | None]:
    """Return every measure of one sentence."""
    return {name: measure(audio, prosody) for name, measure in MEASURES.items()}
