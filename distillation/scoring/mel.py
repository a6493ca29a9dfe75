"""Spectrogram, mel filters and mel spectrogram equal to librosa's, in pure numpy.

librosa's need 16 s of numba compilation at first use in every process.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def power_spectrogram(y: NDArray[np.floating], *, n_fft: int, hop: int) -> Float:
    """Return the power spectrogram of centred, zero-padded, Hann-windowed frames.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Samples.
    n_fft, hop : int
        Samples.

    Returns
    -------
    ndarray, shape (1 + n // hop, n_fft // 2 + 1)
        Squared magnitudes; equals ``abs(librosa.stft(y, n_fft=…, hop_length=…)).T ** 2``.
    """
    padded = np.pad(np.asarray(y, np.float64), n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_fft) / n_fft)
    spectrum = np.fft.rfft(frames * window, axis=1)
    return spectrum.real**2 + spectrum.imag**2


@cache
def mel_filters(sr: int, n_fft: int, n_mels: int) -> Float:
    """Return triangular filters of equal area on Slaney's mel scale.

    Returns
    -------
    ndarray, shape (n_fft // 2 + 1, n_mels)
        Equals ``librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels).T``.

    References
    ----------
    Slaney 1998, Auditory Toolbox (linear to 1 kHz, logarithmic above).
    """
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(sr / 2), n_mels + 2))
    bins = np.fft.rfftfreq(n_fft, 1.0 / sr)
    rising = (bins[:, None] - edges[None, :-2]) / np.diff(edges)[None, :-1]
    falling = (edges[None, 2:] - bins[:, None]) / np.diff(edges)[None, 1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return triangles * (2.0 / (edges[2:] - edges[:-2]))


def mel_spectrogram(
    y: NDArray[np.floating], *, sr: int, n_fft: int, hop: int, n_mels: int
) -> NDArray[np.float32]:
    """Return the (frames, n_mels) mel power spectrogram, equal to librosa's transposed."""
    power = power_spectrogram(y, n_fft=n_fft, hop=hop)
    return (power @ mel_filters(sr, n_fft, n_mels)).astype(np.float32)


_LINEAR = 200.0 / 3  # Hz per mel below 1 kHz
_KNEE_HZ = 1000.0
_KNEE_MEL = _KNEE_HZ / _LINEAR
_LOG_STEP = np.log(6.4) / 27.0


def _hz_to_mel(hz: float) -> float:
    if hz < _KNEE_HZ:
        return hz / _LINEAR
    return float(_KNEE_MEL + np.log(hz / _KNEE_HZ) / _LOG_STEP)


def _mel_to_hz(mel: Float) -> Float:
    above = _KNEE_HZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _LINEAR, above)
