"""Pace: syllable nuclei a second, counted in the sound alone, whatever text was spoken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corpus.audio import timing
from corpus.audio.pitch import Pitch
from corpus.audio.types import Audio

Float = NDArray[np.float64]

DIP_DB = 2.0  # two peaks are two nuclei when the sound falls so far between them
BELOW_PEAK_DB = 25.0  # quieter peaks are no vowels


def nuclei_per_second(audio: Audio, power: Float, hop_s: float, pitch: Pitch) -> float:
    """Return how fast somebody speaks, pauses left out.

    Pauses are not counted: a target clip is joined from sentences, so that its pauses are ours
    and not the speaker's.

    Parameters
    ----------
    audio : Audio
        The sound; its pauses are found by `corpus.audio.timing`.
    power : ndarray, shape (frames,)
        Power of each frame; windows of 64 ms see syllables, not single periods.
    hop_s : float
        From frame to frame, s.
    pitch : Pitch
        Of the same sound: only voiced peaks are vowels.

    Returns
    -------
    float
        Syllable nuclei a second of sounding speech; 0 where nobody speaks. Within about 15 %
        of the syllables of the text.

    References
    ----------
    .. [1] de Jong & Wempe 2009, "Praat script to detect syllable nuclei and measure speech
       rate automatically", Behavior Research Methods 41:385.
    """
    sounding_s = timing.find(audio).phonation_s
    if not sounding_s or not len(pitch.f0_hz):
        return 0.0
    level_db = 10.0 * np.log10(power + 1e-12)
    nearest = np.searchsorted(pitch.times_s, np.arange(len(power)) * hop_s)
    voiced = np.isfinite(pitch.f0_hz)[np.minimum(nearest, len(pitch.f0_hz) - 1)]
    return sum(bool(voiced[peak]) for peak in _peaks(level_db)) / sounding_s


def _peaks(level_db: Float) -> list[int]:
    """Return the loudest frame of each rise and fall of at least `DIP_DB`."""
    middle = level_db[1:-1]
    rises = (middle > level_db[:-2]) & (middle >= level_db[2:])
    loud = middle > np.percentile(level_db, 99) - BELOW_PEAK_DB
    kept: list[int] = []
    for peak in (np.flatnonzero(rises & loud) + 1).tolist():
        lower = min(level_db[peak], level_db[kept[-1]]) if kept else 0.0
        if not kept or level_db[kept[-1] : peak].min() <= lower - DIP_DB:
            kept.append(peak)
        elif level_db[peak] > level_db[kept[-1]]:
            kept[-1] = peak
    return kept
