"""How reliable a listener is: traps, repeats, one answer to everything; and the rule to exclude."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from distillation.listening_tests.scales import (
    TRAPS,
    Kind,
    Purpose,
    Sound,
    in_favour,
    is_consistent,
    passes_trap,
)

MAX_FAILED = 1  # traps an attentive listener may get wrong
MIN_VOTES, SAME_SHARE = 10, 0.9  # one answer to 90 % of ten trials or more


@dataclass(frozen=True)
class Ballot:
    """A listener's answer to a trial.

    Attributes
    ----------
    listener : int
        Number of the listener.
    purpose : Purpose
        Real, repeat or trap.
    sentence : int
        Index of the sentence.
    sides : tuple of Sound
        A and B as they were played; A alone in a MOS.
    value : int
        One of the scale's answers.
    """

    listener: int
    purpose: Purpose
    sentence: int
    sides: tuple[Sound, ...]
    value: int


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """What a listener's answers to traps and repeats were.

    Attributes
    ----------
    votes, traps, passed, repeats, consistent : int
        Answers; traps among them and how many were passed; repeats and how many agree.
    same_share : float
        Share of the most frequent answer, 0-1.
    reasons : tuple of str
        Why the votes are excluded: `traps`, `repeats`, `same_answer`; empty if they count.
    """

    votes: int
    traps: int
    passed: int
    repeats: int
    consistent: int
    same_share: float
    reasons: tuple[str, ...] = ()

    @property
    def is_excluded(self) -> bool:
        return bool(self.reasons)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {**asdict(self), "reasons": list(self.reasons)}


def reliability(kind: Kind, ballots: Sequence[Ballot]) -> Reliability:
    """Judge one listener by all of their answers.

    Excluded is who fails two traps, who fails one and repeats fewer than half of the repeated
    answers, and who gives the same answer to 90 % of ten trials or more. Repeats alone exclude
    nobody: between voices that sound alike, an attentive listener answers by chance.

    References
    ----------
    .. [1] ITU-T P.808, 7.2 (screening by trapping and gold standard questions).
    .. [2] microsoft/P.808, `result_parser.py` (variance of the votes).
    """
    traps = [one for one in ballots if one.purpose in TRAPS]
    passed = sum(passes_trap(kind, one.purpose, one.sides, one.value) for one in traps)
    pairs = _repeated(kind, ballots)
    consistent = sum(is_consistent(kind, value, again) for value, again in pairs)
    counts = Counter(one.value for one in ballots)
    same = max(counts.values(), default=0) / max(1, len(ballots))
    failed = len(traps) - passed
    reasons = {
        "traps": failed > MAX_FAILED,
        "repeats": failed == MAX_FAILED and 2 * consistent < len(pairs),
        "same_answer": len(ballots) >= MIN_VOTES and same >= SAME_SHARE,
    }
    return Reliability(
        votes=len(ballots),
        traps=len(traps),
        passed=passed,
        repeats=len(pairs),
        consistent=consistent,
        same_share=same,
        reasons=tuple(name for name, holds in reasons.items() if holds),
    )


def _repeated(kind: Kind, ballots: Sequence[Ballot]) -> list[tuple[int, int]]:
    """Return both answers to every repeated trial, as if the sides had been the same."""
    first = {_key(one): one for one in ballots if one.purpose == Purpose.REAL}
    again = [one for one in ballots if one.purpose == Purpose.REPEAT and _key(one) in first]
    return [(_oriented(kind, first[_key(one)]), _oriented(kind, one)) for one in again]


def _key(ballot: Ballot) -> tuple[int, frozenset[Sound]]:
    return ballot.sentence, frozenset(ballot.sides)


def _oriented(kind: Kind, ballot: Ballot) -> int:
    if kind == Kind.MOS:
        return ballot.value
    return in_favour(ballot.value, ballot.sides, min(ballot.sides, key=lambda sound: sound.voice))
