"""What a test's votes say: effects between voices, the gap closed, who is excluded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from distillation.listening_tests.reliability import Ballot, Reliability, reliability
from distillation.listening_tests.scales import (
    SCALES,
    SHARES,
    Kind,
    Purpose,
    Sound,
    effect_value,
    in_favour,
)
from distillation.listening_tests.statistics import (
    Clusters,
    Draws,
    Estimate,
    Vote,
    estimate,
    gap_closed,
    share,
)

Ends = tuple[int, int, int]
Pair = tuple[int, int]


def analyse(
    kind: Kind, voices: Sequence[int], ballots: Sequence[Ballot], ends: Ends | None = None
) -> dict[str, Any]:
    """Compute the results of a test, without and with the listeners that the rule excludes.

    Parameters
    ----------
    kind : Kind
        Of the test.
    voices : sequence of int
        Indices of the voices that were judged; effects are of an earlier against a later one.
    ballots : sequence of Ballot
        The standing answers of all listeners.
    ends : tuple of int, optional
        Voice under test, stock voice and target, for the share of the gap closed.

    Returns
    -------
    dict
        Plain JSON types: `listeners` (reliability by number), `excluded` (numbers), and `kept`
        and `all`, each with `effects`, `means` (of a MOS) and `gap`.
    """
    by_listener = {one.listener: [b for b in ballots if b.listener == one.listener]
                   for one in ballots}  # fmt: skip
    judged = {number: reliability(kind, found) for number, found in sorted(by_listener.items())}
    excluded = {number for number, found in judged.items() if found.is_excluded}
    real = [one for one in ballots if one.purpose == Purpose.REAL]
    kept = [one for one in real if one.listener not in excluded]
    return {
        "listeners": _json(judged),
        "excluded": sorted(excluded),
        "kept": _figures(kind, voices, kept, ends),
        "all": _figures(kind, voices, real, ends),
    }


def _json(judged: dict[int, Reliability]) -> dict[str, Any]:
    return {str(number): found.to_json() for number, found in judged.items()}


def _figures(
    kind: Kind, voices: Sequence[int], ballots: Sequence[Ballot], ends: Ends | None
) -> dict[str, Any]:
    clusters = Clusters([Vote(one.listener, one.sentence, 0.0) for one in ballots])
    results = _Ratings(ballots, clusters) if kind == Kind.MOS else _Pairs(kind, ballots, clusters)
    found = ((pair, results.effect(pair)) for pair in combinations(voices, 2))
    effects = [_pair_json(pair, one) for pair, one in found if one]
    means = {str(voice): results.mean(voice) for voice in voices} if kind == Kind.MOS else {}
    gap = results.gap(ends) if ends else None
    return {
        "votes": len(ballots),
        "effects": effects,
        "means": {voice: mean.to_json() for voice, mean in means.items() if mean},
        "gap": gap and gap.to_json(),
        "answers": _counts(kind, ballots),
    }


def _pair_json(pair: Pair, found: Estimate) -> dict[str, Any]:
    return {"first": pair[0], "second": pair[1], **found.to_json()}


def _counts(kind: Kind, ballots: Sequence[Ballot]) -> list[dict[str, Any]]:
    """Return how often each answer was given, by pair or, of a MOS, by voice."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for one in ballots:
        voices = tuple(sorted(sound.voice for sound in one.sides))
        value = one.value if kind == Kind.MOS else in_favour(one.value, one.sides, Sound(voices[0]))
        groups.setdefault(voices, []).append(value)
    answers = SCALES[kind].answers
    return [
        {"voices": list(voices), "counts": {str(one): values.count(one) for one in answers}}
        for voices, values in sorted(groups.items())
    ]


class _Pairs:
    """Effects of preference, ABX and CMOS."""

    def __init__(self, kind: Kind, ballots: Sequence[Ballot], clusters: Clusters) -> None:
        self._kind, self._ballots, self._clusters = kind, ballots, clusters

    def effect(self, pair: Pair) -> Estimate | None:
        votes = self._votes(pair)
        if not votes:
            return None
        if self._kind in SHARES:
            return share(self._clusters, votes)
        return estimate(self._clusters.means(votes), votes)

    def mean(self, voice: int) -> Estimate | None:  # noqa: ARG002
        return None

    def gap(self, ends: Ends) -> Estimate | None:
        voice, stock, target = ends
        part, whole = self._votes((voice, stock)), self._votes((target, stock))
        if self._kind != Kind.CMOS or not part or not whole:
            return None
        draws = self._clusters.means(part), self._clusters.means(whole)
        return gap_closed(*draws, [*part, *whole])

    def _votes(self, pair: Pair) -> list[Vote]:
        first, wanted = Sound(pair[0]), {Sound(voice) for voice in pair}
        return [
            Vote(
                one.listener,
                one.sentence,
                effect_value(self._kind, in_favour(one.value, one.sides, first)),
            )
            for one in self._ballots
            if set(one.sides) == wanted
        ]


class _Ratings:
    """Means of a MOS, and their differences."""

    def __init__(self, ballots: Sequence[Ballot], clusters: Clusters) -> None:
        self._ballots, self._clusters = ballots, clusters

    def effect(self, pair: Pair) -> Estimate | None:
        votes = self._votes(pair)
        draws = self._difference(pair)
        return None if draws is None else estimate(draws, votes)

    def mean(self, voice: int) -> Estimate | None:
        votes = self._votes((voice,))
        return estimate(self._clusters.means(votes), votes) if votes else None

    def gap(self, ends: Ends) -> Estimate | None:
        voice, stock, target = ends
        part, whole = self._difference((voice, stock)), self._difference((target, stock))
        if part is None or whole is None:
            return None
        return gap_closed(part, whole, self._votes(ends))

    def _difference(self, pair: Pair) -> Draws | None:
        first, second = (self._votes((voice,)) for voice in pair)
        if not first or not second:
            return None
        return self._clusters.means(first) - self._clusters.means(second)

    def _votes(self, voices: Iterable[int]) -> list[Vote]:
        wanted = set(voices)
        return [
            Vote(one.listener, one.sentence, one.value)
            for one in self._ballots
            if one.sides[0].voice in wanted
        ]
