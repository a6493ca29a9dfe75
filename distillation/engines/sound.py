"""Sound that an engine makes longer or shorter."""

from __future__ import annotations

import numpy as np

from corpus.audio.types import Samples

_FACTORS = (0.5, 2.0)  # beyond, Praat's overlap-add is done in several passes


def stretched(y: Samples, sr: int, factor: float) -> Samples:
    """Return `y` lasting `factor` times as long, its pitch kept (Praat's overlap-add).

    Parameters
    ----------
    y : ndarray, shape (n,), float32
    sr : int
        Hz.
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
