"""The kinds of listening tests: their answers, what an answer means, when answers agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of tests, named as in the literature."""

    PREFERENCE = "preference"
    ABX = "abx"
    CMOS = "cmos"
    MOS = "mos"


class Purpose(StrEnum):
    """Why a trial is in a test."""

    REAL = "real"
    REPEAT = "repeat"
    DEGRADED = "degraded"  # trap: one sound is obviously bad
    IDENTICAL = "identical"  # trap: both sounds are the same


TRAPS = (Purpose.DEGRADED, Purpose.IDENTICAL)


@dataclass(frozen=True)
class Sound:
    """A voice speaking the sentence of a trial.

    Attributes
    ----------
    voice : int
        Index of the voice in the test.
    degraded : bool
        Whether it is made obviously bad (a trap).
    """

    voice: int
    degraded: bool = False


@dataclass(frozen=True)
class Scale:
    """The answers to a trial of one kind.

    Attributes
    ----------
    answers : tuple of int
        In the order of the keys 1, 2, 3 …; for two sides, negative favours A and positive B.
    sides : int
        Sounds a listener judges: 1 or 2, besides the reference X.
    null : float
        The effect if two voices do not differ.
    low, high : float
        Limits of an effect.
    """

    answers: tuple[int, ...]
    sides: int
    null: float
    low: float
    high: float


SCALES = {
    Kind.PREFERENCE: Scale((-1, 0, 1), 2, 0.5, 0.0, 1.0),
    Kind.ABX: Scale((-1, 1), 2, 0.5, 0.0, 1.0),
    Kind.CMOS: Scale((-3, -2, -1, 0, 1, 2, 3), 2, 0.0, -3.0, 3.0),
    Kind.MOS: Scale((1, 2, 3, 4, 5), 1, 0.0, -4.0, 4.0),
}
SHARES = (Kind.PREFERENCE, Kind.ABX)  # kinds whose effect is a share of votes, 0-1
TOLERANCE = 1  # points between two answers of CMOS or MOS that count as the same
TRAP_RATING = 2  # highest MOS that passes a degraded sound


def in_favour(value: int, sides: Sequence[Sound], first: Sound) -> int:
    """Return an answer to a pair, positive if it favours `first`, whichever side it was on."""
    return -value if sides[0] == first else value


def effect_value(kind: Kind, favour: int) -> float:
    """Return what an answer contributes to an effect.

    Parameters
    ----------
    kind : Kind
        Preference and ABX count shares of votes, half a vote for "no difference".
    favour : int
        An answer to a pair, positive in favour of the first voice.
    """
    return (favour + 1) / 2 if kind in SHARES else float(favour)


def passes_trap(kind: Kind, purpose: Purpose, sides: Sequence[Sound], value: int) -> bool:
    """Return whether an answer to a trap is that of an attentive listener."""
    if purpose == Purpose.IDENTICAL:
        return abs(value) <= TOLERANCE
    if kind == Kind.MOS:
        return value <= TRAP_RATING
    clean = next(sound for sound in sides if not sound.degraded)
    return in_favour(value, sides, clean) > 0


def is_consistent(kind: Kind, value: int, again: int) -> bool:
    """Return whether two answers to the same trial, oriented alike, agree."""
    return value == again if kind in SHARES else abs(value - again) <= TOLERANCE
