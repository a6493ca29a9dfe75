"""The demo's simulated recording room: a level, silence around the speech, background noise."""

from __future__ import annotations

import numpy as np

from corpus.audio.types import Audio, Samples

PEAK = 0.5
QUIET_S = 0.33
NOISE = 0.0004  # about -68 dBFS: a quiet room, not digital silence
LEVELS_DB = 0.5  # level variation between takes, ±


def recorded(y: Samples, sr: int, gain_db: float, rng: np.random.Generator) -> Audio:
    """Simulate recording speech with a microphone in a quiet room.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Speech, not silent.
    sr : int
        Sample rate, Hz.
    gain_db : float
        Gain relative to a peak of about -6 dBFS.
    rng : numpy.random.Generator
        Draws the take's level variation and the noise.
    """
    level_db = gain_db + rng.uniform(-LEVELS_DB, LEVELS_DB)
    y = y * (PEAK / np.abs(y).max())
    y = y * 10 ** (level_db / 20)
    quiet = np.zeros(int(QUIET_S * sr), y.dtype)
    y = np.concatenate([quiet, y, quiet])
    return Audio((y + rng.normal(0, NOISE, len(y))).astype(np.float32), sr)
