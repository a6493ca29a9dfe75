"""Time stretching and pitch shifting of speech by overlap-add."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import soxr

from corpus.audio.types import Samples

_F0_SR_HZ = 8_000
_FACTORS = (0.5, 2.0)  # range of one pass of Praat's overlap-add; several passes beyond it
_SEED = (
    "random_initializeWithSeedUnsafelyButPredictably (0)"  # overlap-add is random where unvoiced
)
_LOCK = threading.Lock()  # Praat has one random state per process


def stretched(y: Samples, sr: int, factor: float) -> Samples:
    """Return `y` stretched to `factor` times its length, keeping pitch (Praat's overlap-add).

    Parameters
    ----------
    y : ndarray, shape (n,), float32
        Mono samples.
    sr : int
        Sample rate, Hz.
    factor : float
        Above 0.

    Returns
    -------
    ndarray, shape (about n · factor,), float32
        Equal arguments give equal samples.
    """
    sound = _sound(y, sr)
    while factor != 1.0:
        step = float(np.clip(factor, *_FACTORS))
        sound = _seeded_call(sound, "Lengthen (overlap-add)", 60, 400, step)
        factor /= step
    return sound.values[0].astype(np.float32)


def repitched(y: Samples, sr: int, median_hz: float) -> Samples:
    """Return speech with its F0 shifted to another median, keeping length and formants.

    Uses Praat's overlap-add. F0 is tracked at 8 kHz, at half the cost and without loss.

    Parameters
    ----------
    y : ndarray, shape (n,), float32
        Speech with F0 within 50-350 Hz.
    sr : int
        Sample rate, Hz.
    median_hz : float
        New median F0, Hz.

    Returns
    -------
    ndarray, shape (n,), float32
        Equal arguments give equal samples; audio without F0 is returned unchanged.
    """
    sound = _sound(y, sr)
    narrow = soxr.resample(y, sr, _F0_SR_HZ, quality="MQ")
    pitch = _sound(narrow, _F0_SR_HZ).to_pitch(0.01, 50, 350)
    if not (pitch.selected_array["frequency"] > 0).any():
        return y
    pitch.scale_times_to(0, sound.xmax)  # they differ by less than a sample at 8 kHz
    moved = _seeded_call([sound, pitch], "Change gender", 1.0, median_hz, 1.0, 1.0)
    return moved.values[0].astype(np.float32)


def _sound(y: Samples, sr: int) -> Any:
    import parselmouth

    return parselmouth.Sound(y.astype(np.float64), sr)


def _seeded_call(what: Any, command: str, *arguments: float) -> Any:
    from parselmouth.praat import call, run

    with _LOCK:
        run(_SEED)
        return call(what, command, *arguments)
