"""What a speaker should change: the cause of what is wrong, not everything that follows from it.

The causes are checked in the order of `CAUSES`; the first with a measure outside its band is
reported alone, because the measures after it cannot be trusted or change with it:

1. clipping distorts every other measure, and a clipped take is also too loud;
2. a take that is too quiet drowns in the room's noise, and its speech is not found;
3. noise adds to the level and hides where speech begins and ends, so edges, pauses, pace and
   length are unknown (the studio keeps half a second at both ends: edges that are lost there were
   lost in noise);
4. a voice that is too loud, without clipping, is otherwise well measured;
5. speech cut off at an end is also too short for its text;
6. too little speech, or speech that does not fit the text, has no pace or melody to compare;
7. a long silence at an end spoils nothing else, but is to be mended before the style is.

Only a technically usable take is compared with its style; of the style at most `MOST_STYLE`
measures are named, the one that raises the quality most first, and none that contradicts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.audio.profile import PAUSE_OFFSET, STYLE_PARTS, Part
from corpus.audio.prosody import Prosody
from corpus.audio.units import from_st

MILD = 0.7  # parts with at least this score need only a small change
MOST_STYLE = 2  # measures a speaker can attend to in one reading
LOW, HIGH = True, False
CAUSES: tuple[frozenset[tuple[str, bool]], ...] = (  # a code, and the side of its band
    frozenset({("clipping", HIGH)}),
    frozenset({("level", LOW)}),
    frozenset({("noise", LOW)}),
    frozenset({("level", HIGH)}),
    frozenset({("cut_start", LOW), ("cut_end", LOW)}),
    frozenset({("duration", LOW)}),
    frozenset({("length", LOW), ("length", HIGH)}),
    frozenset({("silence", HIGH)}),
)
# Pauses are part of the pace: a change of one, whichever comes first, changes the other.
_SAME = (frozenset({"rate_ratio", "pause_ratio"}),)


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
    """

    code: str
    kind: str
    low_side: bool
    mild: bool
    value: float
    low: float | None
    high: float | None


def hints(parts: Sequence[Part], prosody: Prosody) -> tuple[Hint, ...]:
    """Return hints for the first cause outside its band, or for the style if there is none.

    Parameters
    ----------
    parts : sequence of Part
        Parts of the result of `profile.quality`.
    prosody : Prosody
        Prosody of the same take.

    Examples
    --------
    A take with a peak at -54 dBFS is too quiet, too noisy and too short: the only hint has the
    code `level`. A usable take read at 5.6 syllables per second in a style with the band 4.4-4.9
    gets a hint of code `rate_ratio`, value 5.6, low 4.4, high 4.9.
    """
    wrong = [part for part in parts if part.score < 1]
    for cause in CAUSES:
        if found := [part for part in wrong if (part.code, _is_low(part)) in cause]:
            return tuple(_hint(part, prosody) for part in found)
    return tuple(_hint(part, prosody) for part in _style(wrong))


def _style(wrong: list[Part]) -> list[Part]:
    """Return the parts whose mending raises the quality most, without contradictions."""
    kept: list[Part] = []
    for part in sorted(wrong, key=_gain, reverse=True):
        if not any({part.code, other.code} in _SAME for other in kept):
            kept.append(part)
    return kept[:MOST_STYLE]


def _is_low(part: Part) -> bool:
    low, _high = part.limit
    return low is not None and part.value < low


def _gain(part: Part) -> float:
    return STYLE_PARTS[part.code][2] * (1 - part.score)


def wanted_pitch_hz(parts: Sequence[Part], prosody: Prosody) -> tuple[float, float] | None:
    """Return the band of the median F0, Hz; None if unknown."""
    for part in parts:
        if part.code == "pitch_st" and prosody.pitch_median_hz:
            low, high = map(_scale(part, prosody), part.limit)
            return (low, high) if low is not None and high is not None else None
    return None


def _hint(part: Part, prosody: Prosody) -> Hint:
    scale = _scale(part, prosody)
    low, high = part.limit
    value = scale(part.value)
    return Hint(
        code=part.code,
        kind=part.kind,
        low_side=_is_low(part),
        mild=part.score >= MILD,
        value=0.0 if value is None else value,
        low=scale(low),
        high=scale(high),
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
