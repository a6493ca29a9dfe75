"""When somebody speaks: start, end, pauses, and the rate of a text whose syllables are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.audio.loudness import HOP_S, frame_rms
from corpus.audio.types import Audio
from corpus.audio.units import frames_to_db

BELOW_PEAK_DB = 25.0  # what lies further under the loudest is silence
ABOVE_FLOOR_DB = 6.0  # unless the room is louder than that
LEAST_BELOW_PEAK_DB = 15.0
NEVER_UNDER_DB = -70.0  # no speech, whatever else there is
MIN_PAUSE_S = 0.3
MIN_SOUND_S = 0.1  # shorter sounds on their own are clicks
Span = tuple[float, float]


@dataclass(frozen=True)
class Timing:
    """Where the speech lies; all figures in seconds from the start of the sound.

    Attributes
    ----------
    duration_s : float
        Of the whole sound.
    sounding : tuple of (start, end)
        Stretches of speech, at least 0.1 s long and 0.3 s apart; empty where nobody speaks.
    """

    duration_s: float
    sounding: tuple[Span, ...]

    @property
    def start_s(self) -> float:
        """Silence before the first sound; the whole duration where there is none."""
        return self.sounding[0][0] if self.sounding else self.duration_s

    @property
    def trail_s(self) -> float:
        """Silence after the last sound; the whole duration where there is none."""
        return self.duration_s - (self.sounding[-1][1] if self.sounding else 0.0)

    @property
    def speech_s(self) -> float:
        """From the first sound to the last, pauses included."""
        return self.sounding[-1][1] - self.sounding[0][0] if self.sounding else 0.0

    @property
    def phonation_s(self) -> float:
        """The sounding stretches alone."""
        return sum(end - start for start, end in self.sounding)

    @property
    def pauses(self) -> tuple[Span, ...]:
        """Silences between two sounding stretches."""
        following = self.sounding[1:]
        return tuple((a[1], b[0]) for a, b in zip(self.sounding, following, strict=False))

    @property
    def pause_ratio(self) -> float:
        """Share of the speech that is pause, 0-1."""
        return (self.speech_s - self.phonation_s) / self.speech_s if self.sounding else 0.0

    def speech_rate(self, syllables: int) -> float | None:
        """Syllables a second of speech, pauses included; None where nobody speaks."""
        return syllables / self.speech_s if self.sounding else None

    def articulation_rate(self, syllables: int) -> float | None:
        """Syllables a second of sounding speech, pauses left out; None where nobody speaks."""
        return syllables / self.phonation_s if self.sounding else None


def find(audio: Audio) -> Timing:
    """Find speech and pauses by intensity.

    A frame sounds when it is less than 25 dB under the 99th percentile. In a loud room the
    threshold rises to 6 dB over the 5th percentile, but not nearer than 15 dB to the 99th;
    nothing under -70 dBFS sounds. Gaps under 0.3 s are closed, then sounds under 0.1 s
    dropped. Edges are exact to about 15 ms.

    References
    ----------
    .. [1] de Jong & Wempe 2009, "Praat script to detect syllable nuclei and measure speech
       rate automatically", Behavior Research Methods 41:385 (the -25 dB and 0.3 s).
    """
    sounding = _runs(frames_to_db(frame_rms(audio)) > threshold_db(audio))
    kept = [run for run in _closed(sounding) if run[1] - run[0] >= MIN_SOUND_S]
    return Timing(audio.duration_s, tuple(kept))


def threshold_db(audio: Audio) -> float:
    """Return the level that parts sound from silence, dBFS."""
    low, high = np.percentile(frames_to_db(frame_rms(audio)), [5, 99])
    above_room = min(low + ABOVE_FLOOR_DB, high - LEAST_BELOW_PEAK_DB)
    return float(max(high - BELOW_PEAK_DB, above_room, NEVER_UNDER_DB))


def _runs(sounds: NDArray[np.bool_]) -> list[Span]:
    """Return (start, end) in seconds of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sounds, [False]]).astype(np.int8)))
    return [
        (float(a) * HOP_S, float(b) * HOP_S) for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


def _closed(runs: list[Span]) -> list[Span]:
    """Join runs less than a pause apart."""
    joined: list[Span] = []
    for start, end in runs:
        if joined and start - joined[-1][1] < MIN_PAUSE_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
