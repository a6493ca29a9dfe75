"""Pitch, pitch range and rate of a target or a voice: what a search steers and measures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.audio import pitch, timing
from corpus.audio.syllable_nuclei import count_nuclei
from corpus.audio.types import Audio
from corpus.phonetics import syllables

REFERENCE_HZ = 55.0  # 0 semitones
NAMES = ("pitch", "range", "rate")
REACH = (0.7, 1.33)  # of a base voice's rate; beyond, it draws its words or swallows them
SENTENCE_S, MIN_SENTENCES = 1.5, 3
OVERCOUNT = 1.07  # of syllables by ear (`corpus.audio.syllable_nuclei`)
STEERED = [0, 2]  # of `vector`: pitch and rate, which a pack follows; the range is delivered
TOLERANCES = np.array([0.5, 0.04])  # differences of these that count the same


class ProsodyFigures(NamedTuple):
    """Prosody of several clips of one voice, taken together.

    Attributes
    ----------
    pitch_st : float
        Median F0, semitones above 55 Hz.
    range_st : float
        12·log2(p95 / p5) of F0, semitones.
    rate : float
        Syllables per second of speech, without pauses of 0.3 s and more.
    """

    pitch_st: float
    range_st: float
    rate: float

    @property
    def vector(self) -> NDArray[np.float64]:
        """Pitch in semitones, and the natural logarithms of range and rate, shape (3,)."""
        return np.array([self.pitch_st, math.log(self.range_st), math.log(self.rate)])

    @classmethod
    def of(cls, vector: NDArray[np.float64]) -> ProsodyFigures:
        """Return the figures of a `vector`."""
        pitch_st, log_range, log_rate = vector.tolist()
        return cls(pitch_st, math.exp(log_range), math.exp(log_rate))

    def within_reach(self, rate: float) -> ProsodyFigures:
        """Return these figures with a rate that a voice of another rate can reach by its pack."""
        low, high = REACH
        return self._replace(rate=min(max(self.rate, low * rate), high * rate))

    def error(self, wanted: ProsodyFigures) -> float:
        """Return how far pitch and rate are off: root mean square in `TOLERANCES`."""
        missing = (wanted.vector - self.vector)[STEERED]
        return float(np.sqrt(np.mean(np.square(missing / TOLERANCES))))


class SentenceFigures(NamedTuple):
    """Pitch and range of a target's sentences, measured as those of a voice's sentences are.

    Attributes
    ----------
    mean : tuple of float
        Of the median F0 (semitones above 55 Hz) and of the logarithm of the range.
    spread : tuple of float
        Standard deviations of both between sentences.
    """

    mean: tuple[float, float]
    spread: tuple[float, float]


def of_sentences(clips: Sequence[Audio]) -> SentenceFigures | None:
    """Measure the sentences of a target: what lies between pauses and lasts `SENTENCE_S`.

    The rate of a single one would have to be counted by ear, which is off by more than sentences
    differ.

    Returns
    -------
    SentenceFigures or None
        None for fewer than three sentences.
    """
    pieces = [
        clip.part(first, last)
        for clip in clips
        for first, last in timing.find(clip).sounding
        if last - first >= SENTENCE_S
    ]
    found = [figures.vector[:2] for piece in pieces if (figures := measured([piece]))]
    if len(found) < MIN_SENTENCES:
        return None
    pitch, log_range = np.mean(found, axis=0).tolist()
    pitch_sd, range_sd = np.std(found, axis=0, ddof=1).tolist()
    return SentenceFigures((pitch, log_range), (pitch_sd, range_sd))


def measured(clips: Sequence[Audio], texts: Sequence[str] = ()) -> ProsodyFigures | None:
    """Measure the prosody of clips.

    Parameters
    ----------
    clips : sequence of Audio
        Of one voice.
    texts : sequence of str, optional
        All that is spoken in them; if unknown, syllables are counted by ear.

    Returns
    -------
    ProsodyFigures or None
        None if too little is voiced, or there is no speech.
    """
    voiced = np.concatenate([pitch.track(clip).voiced_hz for clip in clips])
    seconds = sum(timing.find(clip).phonation_s for clip in clips)
    by_ear = 0.0 if texts else sum(count_nuclei(clip) for clip in clips) / OVERCOUNT
    count = sum(syllables(text) for text in texts) or by_ear
    if len(voiced) < 2 or not seconds or not count:
        return None
    low, median, high = np.percentile(voiced, [5, 50, 95])
    return ProsodyFigures(
        pitch_st=12 * math.log2(median / REFERENCE_HZ),
        range_st=max(0.1, 12 * math.log2(high / low)),
        rate=count / seconds,
    )
