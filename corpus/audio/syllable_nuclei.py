"""Counts syllables by ear: peaks of intensity between 300 and 3,300 Hz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio

BAND_HZ = (300.0, 3300.0)  # of vowels' first formants; fricatives and hum lie outside
HOP_S, WINDOW_S = 0.01, 0.05
BELOW_PEAK_DB = 25.0  # a nucleus is less than this below the 99th percentile
DIP_DB = 2.0  # between two nuclei, on both sides of the lower one
APART_S = 0.06


def count_nuclei(audio: Audio) -> int:
    """Estimate how many syllables are spoken, without knowing the words.

    For audio whose words are unknown; otherwise count `corpus.phonetics.syllables`. On Kokoro's
    Spanish it finds 1.07 ± 0.08 of the syllables of a sentence (20 sentences of 5 voices).

    Parameters
    ----------
    audio : Audio
        Speech at any level.

    Returns
    -------
    int
        0 for silence.

    References
    ----------
    .. [1] de Jong & Wempe 2009, "Praat script to detect syllable nuclei and measure speech rate
       automatically", Behavior Research Methods 41:385 (without its check for voicing).
    """
    level = _level_db(audio)
    if not len(level) or level.max() < -100.0:
        return 0
    least = np.percentile(level, 99) - BELOW_PEAK_DB
    return len(_peaks(level, least, round(APART_S / HOP_S)))


def _level_db(audio: Audio) -> NDArray[np.float64]:
    """Return the level of the band every 10 ms, dB."""
    spectrum = np.fft.rfft(audio.y)
    hz = np.fft.rfftfreq(len(audio.y), 1 / audio.sr)
    spectrum[(hz < BAND_HZ[0]) | (hz > BAND_HZ[1])] = 0.0
    power = np.fft.irfft(spectrum, len(audio.y)) ** 2
    window = np.hanning(max(3, round(WINDOW_S * audio.sr)))
    if len(power) < len(window):
        return np.zeros(0)
    smooth = _convolved(power, window / window.sum())
    return 10.0 * np.log10(np.maximum(smooth[:: round(HOP_S * audio.sr)], 0.0) + 1e-12)


def _convolved(y: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the convolution, centred, by the spectrum: a direct one takes a second per minute."""
    size = len(y) + len(window) - 1
    both = np.fft.irfft(np.fft.rfft(y, size) * np.fft.rfft(window, size), size)
    first = (len(window) - 1) // 2
    return np.asarray(both[first : first + len(y)])


def _peaks(level: NDArray[np.float64], least: float, apart: int) -> list[int]:
    """Return the local maxima above `least` with a dip of `DIP_DB` before each and after."""
    found: list[int] = []
    low, top = np.inf, -1  # the lowest level since the last peak, and the peak being climbed
    for at, value in enumerate(level):
        if top < 0:
            low = min(low, value)
            if value >= max(least, low + DIP_DB) and (not found or at - found[-1] >= apart):
                top = at
        elif value > level[top]:
            top = at
        elif value <= level[top] - DIP_DB:
            found.append(top)
            low, top = value, -1
    return found
