"""Drawings of a take: waveform with pitch, spectrogram, and pitch contour with its band."""

from __future__ import annotations

from fractions import Fraction
from html import escape

import av
import numpy as np
from numpy.typing import NDArray

from corpus.audio.io import resample
from corpus.audio.types import Audio
from corpus.audio.units import from_st, to_st

MARGIN_ST = 1.0  # above and below the drawn values
LEAST_SPAN_ST = 12.0  # so that a flat voice looks flat

TOP_HZ = 8_000  # speech lies below
WINDOW_S = 0.032  # resolves harmonics of voices above about 120 Hz, and formants
RANGE_DB = 70.0  # below the maximum; lower levels are white

Contour = tuple[tuple[float, float | None], ...]


def peaks(audio: Audio, n: int) -> NDArray[np.float32]:
    """Return the minimum and maximum sample of `n` equal segments.

    Parameters
    ----------
    audio : Audio
        Of any length.
    n : int
        Number of segments, ≥ 1; reduced to the number of samples if there are fewer.

    Returns
    -------
    ndarray, shape (n, 2), float32
        Columns minimum and maximum, in the range of the samples.
    """
    n = min(n, len(audio.y))
    starts = np.linspace(0, len(audio.y), n, endpoint=False).astype(int)
    low, high = np.minimum.reduceat(audio.y, starts), np.maximum.reduceat(audio.y, starts)
    return np.stack([low, high], axis=1)


def svg(
    audio: Audio,
    *,
    width: int = 600,
    height: int = 80,
    pitch: Contour | None = None,
    title: str = "Waveform",
) -> str:
    """Draw the waveform, optionally with the pitch, as an inline SVG.

    The page's CSS sets the colours: the paths have the classes `waveform-sound` and
    `waveform-pitch` and are drawn in `currentColor`. The waveform is scaled to its own peak.
    `data-duration` gives a player the duration in seconds before the audio is loaded.

    Parameters
    ----------
    audio : Audio
        Of any length.
    width, height : int
        The view box, px; the page may scale it.
    pitch : tuple of (time s, F0 Hz or None), optional
        `Prosody.contour`; gaps where None.
    title : str
        Accessible name, escaped here.
    """
    sound = _sound_path(peaks(audio, width), height)
    tune = _pitch_path(pitch, audio.duration_s, width, height) if pitch else ""
    line = f'<path class="waveform-pitch" d="{tune}" fill="none" stroke="currentColor"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="waveform" role="img" '
        f'viewBox="0 0 {width} {height}" preserveAspectRatio="none" '
        f'data-duration="{audio.duration_s:.2f}">'
        f"<title>{escape(title)}</title>"
        f'<path class="waveform-sound" d="{sound}" fill="currentColor" fill-opacity="0.5"/>'
        f"{line if tune else ''}</svg>"
    )


def _sound_path(extremes: NDArray[np.float32], height: int) -> str:
    """Return the outline along the maxima and back along the minima, at least 1 px high."""
    scale = 0.5 * height / max(float(np.abs(extremes).max()), 1e-6)
    top = np.minimum(0.5 * height - scale * extremes[:, 1], 0.5 * height - 0.5)
    bottom = np.maximum(0.5 * height - scale * extremes[:, 0], 0.5 * height + 0.5)
    there = [f"{x},{y:.1f}" for x, y in enumerate(top)]
    back = [f"{x},{y:.1f}" for x, y in reversed(list(enumerate(bottom)))]
    return f"M{' '.join(there)} {' '.join(back)}Z"


def _pitch_path(contour: Contour, duration_s: float, width: int, height: int) -> str:
    """Return the F0 curve, on a semitone scale over 80 % of the height, broken where unvoiced."""
    voiced = [f0 for _, f0 in contour if f0]
    if not voiced:
        return ""
    low_hz = min(voiced)
    span_st = max(to_st(max(voiced), low_hz), 4.0)
    path, pen = [], "M"
    for t, f0 in contour:
        if f0:
            y = height * (0.9 - 0.8 * to_st(f0, low_hz) / span_st)
            path.append(f"{pen}{width * t / duration_s:.1f},{y:.1f}")
        pen = "L" if f0 else "M"
    return "".join(path)


def levels(audio: Audio, *, width: int = 900, height: int = 256) -> NDArray[np.uint8]:
    """Return the spectrogram as grey levels.

    Parameters
    ----------
    audio : Audio
        Any length and rate; resampled to 16 kHz.
    width, height : int
        Columns over time and rows over frequency; the `height` rows are sampled from the FFT bins.

    Returns
    -------
    ndarray, shape (height, width), uint8
        0 (black) at the maximum, 255 (white) at `RANGE_DB` below it or lower; the first row is
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
    """Return the spectrogram as a PNG, darker for higher levels; sizes as in `levels`."""
    codec = av.VideoCodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "gray"
    codec.time_base = Fraction(1)
    frame = av.VideoFrame.from_ndarray(levels(audio, width=width, height=height), format="gray")
    frame.pts = 0
    packets = [*codec.encode(frame), *codec.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def contour_svg(
    contour: Contour,
    *,
    duration_s: float,
    band_hz: tuple[float, float] | None = None,
    median_hz: float | None = None,
    width: int = 900,
    height: int = 180,
    title: str = "Pitch",
) -> str:
    """Draw F0 over time on a semitone scale, with the target band of its median.

    The page's CSS sets the colours by the classes `contour-band`, `contour-median` and
    `contour-pitch`.

    Parameters
    ----------
    contour : tuple of (time s, F0 Hz or None)
        `Prosody.contour`; the line breaks where None.
    duration_s : float
        Duration of the take, > 0.
    band_hz : (low, high), optional
        The style's band of the median F0, Hz.
    median_hz : float, optional
        The take's median F0, Hz.
    width, height : int
        The view box, px; the page may scale it.
    title : str
        Accessible name, escaped here.

    Returns
    -------
    str
        An inline SVG; without a contour line if nothing is voiced.
    """
    voiced = [f0 for _, f0 in contour if f0]
    low_hz, span_st = _scale([*voiced, *(band_hz or ())])

    def y(f0_hz: float) -> float:
        return round(height * (1 - to_st(f0_hz, low_hz) / span_st), 1)

    pieces = [f"<title>{escape(title)}</title>"]
    if band_hz:
        top, bottom = y(band_hz[1]), y(band_hz[0])
        pieces.append(
            f'<rect class="contour-band" x="0" width="{width}" y="{top}" '
            f'height="{bottom - top:.1f}"/>'
        )
    if median_hz:
        at = y(median_hz)
        pieces.append(f'<path class="contour-median" d="M0,{at}H{width}"/>')
    path, pen = [], "M"
    for t, f0 in contour:
        if f0:
            path.append(f"{pen}{width * t / duration_s:.1f},{y(f0)}")
        pen = "L" if f0 else "M"
    if path:
        pieces.append(f'<path class="contour-pitch" fill="none" d="{"".join(path)}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="contour" role="img" '
        f'viewBox="0 0 {width} {height}" preserveAspectRatio="none">{"".join(pieces)}</svg>'
    )


def _scale(figures_hz: list[float]) -> tuple[float, float]:
    """Return the lowest frequency drawn, Hz, and the height of the drawing, semitones."""
    if not figures_hz:
        return 100.0, LEAST_SPAN_ST
    low_hz, high_hz = min(figures_hz), max(figures_hz)
    span_st = to_st(high_hz, low_hz)
    margin_st = max(MARGIN_ST, 0.5 * (LEAST_SPAN_ST - span_st))
    return from_st(-margin_st, low_hz), span_st + 2 * margin_st
