"""The pitch of a take drawn over where its style wants it."""

from __future__ import annotations

from html import escape

from corpus.audio.units import from_st, to_st
from corpus.audio.waveform import Contour

MARGIN_ST = 1.0  # above and below what is drawn
LEAST_SPAN_ST = 12.0  # a flat voice looks flat


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
    """Draw F0 over time in semitones, over the band its median should lie in.

    Colours come from the page, by the classes `contour-band`, `contour-median` and
    `contour-pitch`.

    Parameters
    ----------
    contour : tuple of (time s, F0 Hz or None)
        `Prosody.contour`; the line breaks where None.
    duration_s : float
        Of the take, > 0.
    band_hz : (low, high), optional
        Where the style wants the median of F0, Hz.
    median_hz : float, optional
        Where it is, Hz.
    width, height : int
        The view box, px; the page may scale it.
    title : str
        Its name for a screen reader, escaped here.

    Returns
    -------
    str
        An SVG to put into a page; without a line where nothing is voiced.
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
