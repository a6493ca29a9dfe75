"""What a speaker should change: the measures outside their bands, largest gain first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.audio.profile import PAUSE_OFFSET, STYLE_PARTS, Part
from corpus.audio.prosody import Prosody
from corpus.audio.units import from_st

MILD = 0.7  # parts with at least this score need only a small change


@dataclass(frozen=True)
class Hint:
    """One measure outside its band, in units a speaker can act on.

    Attributes
    ----------
    code, kind : str
        Of the part: code of the check or key of the profile; `technical` or `style`.
    low_side : bool
        Whether the measure is below its band; otherwise it is above.
    mild : bool
        Whether the deviation is small.
    value : float
        The measure: Hz, syllables/s, semitones, % of pauses, LUFS for the style; the check's
        own unit for the others.
    low, high : float or None
        The band in the same unit; None if unbounded or unknown.
    gain : float
        Increase of the quality if this part were within its band, 0-1.
    """

    code: str
    kind: str
    low_side: bool
    mild: bool
    value: float
    low: float | None
    high: float | None
    gain: float


def hints(parts: Sequence[Part], prosody: Prosody) -> tuple[Hint, ...]:
    """Return a hint for every part outside its band, sorted by descending gain.

    Parameters
    ----------
    parts : sequence of Part
        Parts of the result of `profile.quality`.
    prosody : Prosody
        Prosody of the same take.

    Examples
    --------
    For a take read at 5.6 syllables per second in a style with the band 4.4-4.9:
    `hints(parts, prosody)[0]` has code `rate_ratio`, value 5.6, low 4.4, high 4.9.
    """
    gains = _gains(parts)
    found = [
        (gain, 1 - part.score, _hint(part, gain, prosody))
        for part, gain in zip(parts, gains, strict=True)
        if part.score < 1
    ]
    return tuple(hint for *_, hint in sorted(found, key=lambda row: row[:2], reverse=True))


def wanted_pitch_hz(parts: Sequence[Part], prosody: Prosody) -> tuple[float, float] | None:
    """Return the band of the median F0, Hz; None if unknown."""
    for part in parts:
        if part.code == "pitch_st" and prosody.pitch_median_hz:
            low, high = map(_scale(part, prosody), part.limit)
            return (low, high) if low is not None and high is not None else None
    return None


def _gains(parts: Sequence[Part]) -> list[float]:
    """Return for each part how much `technical × style` increases if it scores 1."""
    technical = [part.score for part in parts if part.kind == "technical"]
    style = [(STYLE_PARTS[part.code][2], part) for part in parts if part.kind == "style"]
    whole = math.fsum(weight for weight, _ in style)
    fit = math.fsum(weight * part.score for weight, part in style) / whole if style else 1.0
    usable = math.prod(technical)
    gains = []
    for n, part in enumerate(parts):
        if part.kind == "style":
            gains.append(usable * STYLE_PARTS[part.code][2] * (1 - part.score) / whole)
        else:
            others = [p.score for m, p in enumerate(parts) if m != n and p.kind == "technical"]
            gains.append(fit * math.prod(others) * (1 - part.score))
    return [round(gain, 4) for gain in gains]


def _hint(part: Part, gain: float, prosody: Prosody) -> Hint:
    scale = _scale(part, prosody)
    low, high = part.limit
    value = scale(part.value)
    return Hint(
        code=part.code,
        kind=part.kind,
        low_side=low is not None and part.value < low,
        mild=part.score >= MILD,
        value=0.0 if value is None else value,
        low=scale(low),
        high=scale(high),
        gain=gain,
    )


def _scale(part: Part, prosody: Prosody) -> Callable[[float | None], float | None]:
    """Return a function that converts values relative to the neutral voice to absolute units.

    The neutral value of a ratio is derived from the take: its measure divided by its ratio.
    """
    of_one = 0.0
    if part.code in _RATIOS:
        of_one = _RATIOS[part.code](prosody) / part.value if part.value else 0.0

    def scaled(figure: float | None) -> float | None:
        if figure is None:
            return None
        if part.code == "pitch_st" and prosody.pitch_median_hz:
            return from_st(figure - part.value, prosody.pitch_median_hz)
        if part.code == "energy_db":
            return prosody.loudness_lufs + figure - part.value
        if part.code == "pause_ratio":
            return max(0.0, 100 * (of_one * figure - PAUSE_OFFSET))
        if part.code in _RATIOS:
            return of_one * figure if of_one else (0.0 if figure == part.value else None)
        return figure

    return scaled


_RATIOS: dict[str, Callable[[Prosody], float]] = {
    "rate_ratio": lambda take: take.speech_rate or 0.0,
    "range_ratio": lambda take: take.pitch_range_st or 0.0,
    "pause_ratio": lambda take: take.pause_ratio + PAUSE_OFFSET,
}
