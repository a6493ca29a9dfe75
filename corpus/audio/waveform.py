"""A take drawn: peaks for a player, and an SVG with the waveform and its pitch."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio
from corpus.audio.units import to_st

Contour = tuple[tuple[float, float | None], ...]


def peaks(audio: Audio, n: int) -> NDArray[np.float32]:
    """Return the lowest and highest sample of `n` equal stretches.

    Parameters
    ----------
    audio : Audio
        Of any length.
    n : int
        Stretches, ≥ 1; fewer where the sound has fewer samples.

    Returns
    -------
    ndarray, shape (n, 2), float32
        Columns low and high, range of the samples.
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
    """Draw the waveform, and the pitch over it, as an SVG to put into a page.

    Colours come from the page: the paths have the classes `waveform-sound` and
    `waveform-pitch` and are drawn in `currentColor`. Scaled to its own peak. `data-duration`
    tells a player the seconds before it has loaded the sound.

    Parameters
    ----------
    audio : Audio
        Of any length.
    width, height : int
        The view box, px; the page may scale it.
    pitch : tuple of (time s, F0 Hz or None), optional
        `Prosody.contour`; gaps where None.
    title : str
        Its name for a screen reader, escaped here.
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
    """Return the outline: along the highs, back along the lows, never thinner than 1 px."""
    scale = 0.5 * height / max(float(np.abs(extremes).max()), 1e-6)
    top = np.minimum(0.5 * height - scale * extremes[:, 1], 0.5 * height - 0.5)
    bottom = np.maximum(0.5 * height - scale * extremes[:, 0], 0.5 * height + 0.5)
    there = [f"{x},{y:.1f}" for x, y in enumerate(top)]
    back = [f"{x},{y:.1f}" for x, y in reversed(list(enumerate(bottom)))]
    return f"M{' '.join(there)} {' '.join(back)}Z"


def _pitch_path(contour: Contour, duration_s: float, width: int, height: int) -> str:
    """Return the F0 curve in semitones over the middle of the drawing, broken where unvoiced."""
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
