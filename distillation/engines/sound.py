"""Speech that an engine makes longer, shorter or higher."""

from __future__ import annotations

import numpy as np
import soxr

from corpus.audio.types import Samples

_F0_SR_HZ = 8_000
_FACTORS = (0.5, 2.0)  # beyond, Praat's overlap-add is done in several passes


def stretched(y: Samples, sr: int, factor: float) -> Samples:
    """Return `y` lasting `factor` times as long, its pitch kept (Praat's overlap-add).

    Parameters
    ----------
    y : ndarray, shape (n,), float32
        Mono samples.
    sr : int
        Their rate, Hz.
    factor : float
        Above 0.

    Returns
    -------
    ndarray, shape (about n · factor,), float32
    """
    import parselmouth
    from parselmouth.praat import call

    sound = parselmouth.Sound(y.astype(np.float64), sr)
    while factor != 1.0:
        step = float(np.clip(factor, *_FACTORS))
        sound = call(sound, "Lengthen (overlap-add)", 60, 400, step)
        factor /= step
    return sound.values[0].astype(np.float32)


def repitched(y: Samples, sr: int, median_hz: float) -> Samples:
    """Return speech with its F0 moved to another median; length and formants stay.

    Parameters
    ----------
    y : ndarray, shape (n,), float32
        Speech with F0 within 50-350 Hz.
    sr : int
        Its rate, Hz.
    median_hz : float
        Of the F0 wanted, Hz.

    Returns
    -------
    ndarray, shape (n,), float32
        By Praat's overlap-add; F0 is looked for at 8 kHz, which costs half and loses nothing.
    """
    import parselmouth
    from parselmouth.praat import call

    narrow = soxr.resample(y, sr, _F0_SR_HZ, quality="MQ").astype(np.float64)
    pitch = parselmouth.Sound(narrow, _F0_SR_HZ).to_pitch(0.01, 50, 350)
    if not (pitch.selected_array["frequency"] > 0).any():
        return y
    sound = parselmouth.Sound(y.astype(np.float64), sr)
    call(pitch, "Scale times to", 0, sound.xmax)  # apart by less than a sample of 8 kHz
    moved = call([sound, pitch], "Change gender", 1.0, median_hz, 1.0, 1.0)
    return moved.values[0].astype(np.float32)
