"""A take as a picture of its frequencies over time: a greyscale PNG, light on memory."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from corpus.audio.io import resample
from corpus.audio.types import Audio

TOP_HZ = 8_000  # speech is below
WINDOW_S = 0.032  # shows harmonics of a voice above about 120 Hz, and its formants
RANGE_DB = 70.0  # below the loudest; what is under it is white


def levels(audio: Audio, *, width: int = 900, height: int = 256) -> NDArray[np.uint8]:
    """Return how dark each point is.

    Parameters
    ----------
    audio : Audio
        Of any length and rate; brought to 16 kHz.
    width, height : int
        Columns over time and rows over frequency; `height` rows are made of the window's bins.

    Returns
    -------
    ndarray, shape (height, width), uint8
        255 at `RANGE_DB` under the loudest point or lower, 0 at the loudest; the first row is
        the highest frequency, `TOP_HZ`.
    """
    y = resample(audio, 2 * TOP_HZ).y
    n = round(WINDOW_S * 2 * TOP_HZ)
    padded = np.pad(y, n // 2)
    starts = np.linspace(0, len(padded) - n, width).astype(int)
    window = np.hanning(n).astype(np.float32)
    framed = np.lib.stride_tricks.sliding_window_view(padded, n)[starts] * window
    power = np.abs(np.fft.rfft(framed, axis=1)[:, 1:]).T ** 2
    db = 10 * np.log10(np.maximum(power, 1e-12))
    below = np.clip((db.max() - db) / RANGE_DB, 0, 1)
    rows = np.linspace(power.shape[0] - 1, 0, height).round().astype(int)
    return np.round(255 * below[rows]).astype(np.uint8)


def png(audio: Audio, *, width: int = 900, height: int = 256) -> bytes:
    """Return the spectrogram as a PNG, dark where it is loud; sizes as in `levels`."""
    codec = av.VideoCodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "gray"
    codec.time_base = Fraction(1)
    frame = av.VideoFrame.from_ndarray(levels(audio, width=width, height=height), format="gray")
    frame.pts = 0
    packets = [*codec.encode(frame), *codec.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
