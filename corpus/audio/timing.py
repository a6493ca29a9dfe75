"""Speech activity detection: start, end, pauses, and rates from a known syllable count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.audio.loudness import HOP_S, frame_rms
from corpus.audio.types import Audio
from corpus.audio.units import frames_to_db

BELOW_PEAK_DB = 25.0  # frames further below the 99th percentile are silence
ABOVE_FLOOR_DB = 6.0  # in a loud room: threshold above the 5th percentile
LEAST_BELOW_PEAK_DB = 15.0
NEVER_UNDER_DB = -70.0  # frames below this are always silence
MIN_PAUSE_S = 0.3
MIN_SOUND_S = 0.1  # shorter isolated sounds are clicks
Span = tuple[float, float]


@dataclass(frozen=True)
class Timing:
    """Position of the speech; times in seconds from the start of the audio.

    Attributes
    ----------
    duration_s : float
        Duration of the whole audio.
    sounding : tuple of (start, end)
        Segments of speech, at least 0.1 s long and 0.3 s apart; empty if there is no speech.
    """

    duration_s: float
    sounding: tuple[Span, ...]

    @property
    def start_s(self) -> float:
        """Silence before the speech; the whole duration if there is none."""
        return self.sounding[0][0] if self.sounding else self.duration_s

    @property
    def trail_s(self) -> float:
        """Silence after the speech; the whole duration if there is none."""
        return self.duration_s - (self.sounding[-1][1] if self.sounding else 0.0)

    @property
    def speech_s(self) -> float:
        """Duration of the speech including pauses."""
        return self.sounding[-1][1] - self.sounding[0][0] if self.sounding else 0.0

    @property
    def phonation_s(self) -> float:
        """Duration of the speech without pauses."""
        return sum(end - start for start, end in self.sounding)

    @property
    def pauses(self) -> tuple[Span, ...]:
        """Silences between the segments of speech."""
        following = self.sounding[1:]
        return tuple((a[1], b[0]) for a, b in zip(self.sounding, following, strict=False))

    @property
    def pause_ratio(self) -> float:
        """Share of the speech that is pause, 0-1."""
        return (self.speech_s - self.phonation_s) / self.speech_s if self.sounding else 0.0

    def speech_rate(self, syllables: int) -> float | None:
        """Syllables per second including pauses; None without speech."""
        return syllables / self.speech_s if self.sounding else None

    def articulation_rate(self, syllables: int) -> float | None:
        """Syllables per second excluding pauses; None without speech."""
        return syllables / self.phonation_s if self.sounding else None


def find(audio: Audio) -> Timing:
    """Detect speech and pauses by intensity.

    A frame is speech if it is less than 25 dB below the 99th percentile. In a loud room the
    threshold rises to 6 dB above the 5th percentile, but at most to 15 dB below the 99th; frames
    below -70 dBFS are never speech. Gaps under 0.3 s are closed, then segments under 0.1 s
    dropped. Edges are accurate to about 15 ms.

    References
    ----------
    .. [1] de Jong & Wempe 2009, "Praat script to detect syllable nuclei and measure speech
       rate automatically", Behavior Research Methods 41:385 (the -25 dB and 0.3 s).
    """
    sounding = _runs(frames_to_db(frame_rms(audio)) > threshold_db(audio))
    kept = [run for run in _closed(sounding) if run[1] - run[0] >= MIN_SOUND_S]
    return Timing(audio.duration_s, tuple(kept))


def threshold_db(audio: Audio) -> float:
    """Return the level that separates speech from silence, dBFS."""
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
    """Merge runs separated by less than `MIN_PAUSE_S`."""
    joined: list[Span] = []
    for start, end in runs:
        if joined and start - joined[-1][1] < MIN_PAUSE_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
