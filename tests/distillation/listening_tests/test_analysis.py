"""Effects, intervals and the gap closed, on votes whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from distillation.listening_tests.analysis import analyse
from distillation.listening_tests.reliability import Ballot, reliability
from distillation.listening_tests.scales import Kind, Purpose, Sound
from distillation.listening_tests.statistics import Clusters, Vote, estimate, share, wilson

VOICE, STOCK, TARGET = 0, 1, 2


def ballot(listener: int, sentence: int, sides: tuple[int, ...], value: int) -> Ballot:
    sounds = tuple(Sound(voice) for voice in sides)
    return Ballot(listener, Purpose.REAL, sentence, sounds, value)


def effects(kind: Kind, ballots: list[Ballot]) -> dict:
    [found] = analyse(kind, [VOICE, STOCK], ballots)["all"]["effects"]
    return found


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [(Kind.PREFERENCE, 1, 1.0), (Kind.ABX, 1, 1.0), (Kind.CMOS, 2, 2.0), (Kind.PREFERENCE, 0, 0.5)],
)
def test_a_vote_counts_for_the_same_voice_on_either_side(
    kind: Kind, value: int, expected: float
) -> None:
    ballots = [
        ballot(n, sentence, (VOICE, STOCK) if n % 2 else (STOCK, VOICE), -value if n % 2 else value)
        for n in range(4)
        for sentence in range(3)
    ]
    assert effects(kind, ballots)["value"] == pytest.approx(expected)


def test_equal_votes_leave_a_share_in_doubt() -> None:
    votes = [Vote(listener, sentence, 1.0) for listener in range(4) for sentence in range(6)]
    found = share(Clusters(votes), votes)
    assert (found.low, found.high) == pytest.approx(wilson(1.0, 4))
    assert found.low == pytest.approx(0.51, abs=0.01)


def test_equal_ratings_have_no_interval() -> None:
    votes = [Vote(listener, sentence, 2.0) for listener in range(4) for sentence in range(6)]
    found = estimate(Clusters(votes).means(votes), votes)
    assert (found.value, found.low, found.high) == (2.0, None, None)


def test_wilsons_interval_is_that_of_the_book() -> None:
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_votes_of_one_listener_are_not_independent() -> None:
    """Twelve listeners who disagree are less certain than as many votes that scatter alike."""
    rng = np.random.default_rng(0)
    taste = [0.0, 1.0] * 6
    split = [Vote(n, s, taste[n]) for n in range(12) for s in range(12)]
    mixed = [Vote(n, s, float(rng.integers(2))) for n in range(12) for s in range(12)]
    wide, narrow = (share(Clusters(votes), votes) for votes in (split, mixed))
    assert wide.high - wide.low > 2.5 * (narrow.high - narrow.low)


@pytest.mark.parametrize("kind", [Kind.MOS, Kind.CMOS])
def test_the_share_of_the_gap_closed(kind: Kind) -> None:
    rng = np.random.default_rng(1)
    ballots = []
    for listener in range(8):
        for sentence in range(12):
            if kind == Kind.MOS:
                for voice, level in ((VOICE, 3), (STOCK, 2), (TARGET, 4)):
                    noise = int(rng.integers(-1, 2))
                    ballots.append(ballot(listener, sentence, (voice,), level + noise))
            else:
                for voice, level in ((VOICE, 1), (TARGET, 2)):
                    noise = int(rng.integers(-1, 2))
                    ballots.append(ballot(listener, sentence, (STOCK, voice), level + noise))
    voices = [VOICE, STOCK, TARGET]
    gap = analyse(kind, voices, ballots, (VOICE, STOCK, TARGET))["all"]["gap"]
    assert gap["value"] == pytest.approx(0.5, abs=0.12)
    assert 0.2 < gap["low"] < 0.5 < gap["high"] < 0.8


def test_without_a_gap_no_share_of_it_is_closed() -> None:
    ballots = [
        ballot(listener, sentence, (voice,), 3 + (listener + sentence + voice) % 2)
        for listener in range(4)
        for sentence in range(6)
        for voice in (VOICE, STOCK, TARGET)
    ]
    figures = analyse(Kind.MOS, [VOICE, STOCK, TARGET], ballots, (VOICE, STOCK, TARGET))
    assert figures["all"]["gap"] is None


def test_traps_and_repeats_are_no_votes() -> None:
    real = [ballot(0, n, (VOICE, STOCK), -1) for n in range(3)]
    others = [
        Ballot(0, Purpose.REPEAT, 0, (Sound(STOCK), Sound(VOICE)), 1),
        Ballot(0, Purpose.DEGRADED, 0, (Sound(VOICE), Sound(VOICE, degraded=True)), -1),
    ]
    assert effects(Kind.PREFERENCE, [*real, *others])["votes"] == 3


class TestReliability:
    BAD = (Sound(VOICE, degraded=True), Sound(VOICE))

    def judged(self, traps: tuple[int, ...], repeats: tuple[int, ...]) -> tuple[str, ...]:
        ballots = [ballot(0, n, (VOICE, STOCK), -1) for n in range(4)]
        ballots += [Ballot(0, Purpose.DEGRADED, 0, self.BAD, value) for value in traps]
        swapped = (Sound(STOCK), Sound(VOICE))
        ballots += [Ballot(0, Purpose.REPEAT, n, swapped, value) for n, value in enumerate(repeats)]
        return reliability(Kind.PREFERENCE, ballots).reasons

    def test_two_failed_traps_exclude(self) -> None:
        assert self.judged((1, -1, -1), (1, 1)) == ("traps",)

    def test_one_failed_trap_does_not(self) -> None:
        assert self.judged((1, 1, -1), (1, 1)) == ()

    def test_one_failed_trap_with_inconsistent_repeats_does(self) -> None:
        assert self.judged((1, 1, -1), (-1, -1, 1)) == ("repeats",)

    def test_inconsistent_repeats_alone_do_not(self) -> None:
        assert self.judged((1, 1, 1), (-1, -1, -1)) == ()
