"""Maps style embeddings to physical controls of the student `praat`, and back."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Samples
from distillation.voicepack import PROSODY, TIMBRE

HALF = 128


def _hadamard(order: int) -> NDArray[np.float64]:
    """Return Sylvester's ±1 matrix: orthogonal rows, equal on every machine."""
    matrix = np.ones((1, 1))
    while len(matrix) < order:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix


_AXES = _hadamard(HALF)[1:] / math.sqrt(HALF)  # orthonormal; no row of ones (a mere offset)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One voice in physical units; any row gives values within `RANGES`.

    Attributes
    ----------
    formant : float
        Formant frequencies relative to the synthesiser's male voice.
    tilt_db : float
        Slope of the spectrum around 1 kHz, dB per octave.
    low_db, mid_db, presence_db, air_db : float
        Gain of a band of one octave around 400, 1100, 2600 and 5200 Hz.
    breath_db : float
        Level of breath noise relative to the voice.
    pitch_hz : float
        Median of the F0 contour.
    intonation : float
        Range of the contour relative to the synthesiser's own.
    rate_wpm : float
        Words per minute at speed 1.
    gap_s : float
        Pause added between words.
    """

    formant: float
    tilt_db: float
    low_db: float
    mid_db: float
    presence_db: float
    air_db: float
    breath_db: float
    pitch_hz: float
    intonation: float
    rate_wpm: float
    gap_s: float


@dataclass(frozen=True)
class Control:
    """A setting's range, and the gain from the row's projection to it."""

    half: slice
    low: float
    high: float
    gain: float = 8.0
    log: bool = False


RANGES: dict[str, Control] = {
    "formant": Control(TIMBRE, 0.88, 1.36, log=True),
    "tilt_db": Control(TIMBRE, -3.0, 3.0),
    "low_db": Control(TIMBRE, -7.0, 7.0),
    "mid_db": Control(TIMBRE, -7.0, 7.0),
    "presence_db": Control(TIMBRE, -7.0, 7.0),
    "air_db": Control(TIMBRE, -9.0, 9.0),
    "breath_db": Control(TIMBRE, -44.0, -14.0),
    "pitch_hz": Control(PROSODY, 75.0, 250.0, log=True),
    "intonation": Control(PROSODY, 0.2, 1.8),
    "rate_wpm": Control(PROSODY, 135.0, 225.0, log=True),
    "gap_s": Control(PROSODY, 0.0, 0.06),
}


def settings(row: Samples) -> Settings:
    """Return the settings for a row.

    Parameters
    ----------
    row : ndarray, shape (256,)
        A style embedding; any finite values.

    Returns
    -------
    Settings
        Each setting is the row's projection on its own axis, mapped to `low…high` by tanh, so
        that noise of the stock voices' spread changes it, but it never leaves the range.
    """
    values = {}
    for axis, (name, control) in enumerate(RANGES.items()):
        drive = control.gain * math.fsum(_AXES[axis] * row[control.half])
        low, high = _ends(control)
        value = (low + high) / 2 + (high - low) / 2 * math.tanh(drive)
        values[name] = math.exp(value) if control.log else value
    return Settings(**values)


def row_of(voice: Settings) -> Samples:
    """Return the row of minimum norm that `settings` maps to this voice (strictly in RANGES)."""
    row = np.zeros(2 * HALF)
    for axis, (control, value) in enumerate(zip(RANGES.values(), astuple(voice), strict=True)):
        low, high = _ends(control)
        place = math.log(value) if control.log else value
        drive = math.atanh((place - (low + high) / 2) / ((high - low) / 2))
        row[control.half] += drive / control.gain * _AXES[axis]
    return row.astype(np.float32)


def uncontrolled(row: Samples) -> Samples:
    """Return the part of the row that affects no control (its null-space component)."""
    rest = row.astype(np.float64)
    for axis, control in enumerate(RANGES.values()):
        rest[control.half] -= (_AXES[axis] @ rest[control.half]) * _AXES[axis]
    return rest.astype(np.float32)


def _ends(control: Control) -> tuple[float, float]:
    if control.log:
        return math.log(control.low), math.log(control.high)
    return control.low, control.high
