"""Conversions between linear amplitude and decibels, hertz and semitones."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
Number = TypeVar("Number", float, FloatArray)

FLOOR_DB = -120.0  # the level of silence, instead of -inf


def to_db(amplitude: float) -> float:
    """Return 20·log10 of a linear amplitude ≥ 0, at least `FLOOR_DB`.

    >>> to_db(0.1)
    -20.0
    """
    return max(FLOOR_DB, 20 * math.log10(amplitude)) if amplitude > 0 else FLOOR_DB


def frames_to_db(amplitude: FloatArray) -> NDArray[np.float64]:
    """Return 20·log10 of each linear amplitude ≥ 0, at least `FLOOR_DB`; the shape is kept."""
    floor = 10 ** (FLOOR_DB / 20)
    return np.asarray(20 * np.log10(np.maximum(amplitude, floor)), dtype=np.float64)


def from_db(level_db: float) -> float:
    """Return the linear amplitude for a level in decibels.

    >>> from_db(-20.0)
    0.1
    """
    return float(10 ** (level_db / 20))


def to_st(f_hz: float, reference_hz: float) -> float:
    """Return 12·log2(f / reference), both > 0: an octave up is 12.

    >>> to_st(440.0, 220.0)
    12.0
    """
    return 12 * math.log2(f_hz / reference_hz)


def from_st(semitones: Number, reference_hz: float) -> Number:
    """Return the frequency in hertz `semitones` above the reference.

    >>> from_st(12.0, 220.0)
    440.0
    """
    return reference_hz * 2 ** (semitones / 12)
