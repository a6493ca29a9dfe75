"""The plan of a test: balance, traps, repeats."""

from __future__ import annotations

from collections import Counter

import pytest

from distillation.listening_tests.design import MIN_GAP, REPEATS, TRAPS, plan, trap_sounds
from distillation.listening_tests.scales import Kind, Purpose, Sound

TRAP = (Purpose.DEGRADED, Purpose.IDENTICAL)


def planned(kind: Kind, voices: int, sentences: int, *, listener: int = 0, **more):
    reference = voices if kind == Kind.ABX else None
    return plan(
        kind, range(voices), sentences, listener=listener, seed=1, reference=reference, **more
    )


@pytest.mark.parametrize("kind", Kind)
def test_every_pair_is_judged_on_every_sentence(kind: Kind) -> None:
    real = [trial for trial in planned(kind, 3, 8) if trial.purpose == Purpose.REAL]
    judged = Counter((trial.sentence, frozenset(trial.sides)) for trial in real)
    assert len(judged) == 24
    assert set(judged.values()) == {1}


@pytest.mark.parametrize("kind", [Kind.PREFERENCE, Kind.ABX, Kind.CMOS])
def test_a_voice_is_on_side_a_for_half_of_the_sentences_and_of_the_listeners(kind: Kind) -> None:
    for listener in range(4):
        real = [
            one for one in planned(kind, 3, 8, listener=listener) if one.purpose == Purpose.REAL
        ]
        for pair in ((0, 1), (0, 2), (1, 2)):
            of_pair = [one for one in real if set(one.sides) == {Sound(voice) for voice in pair}]
            assert sum(one.sides[0].voice == pair[0] for one in of_pair) == 4
    both = [planned(kind, 2, 8, listener=number) for number in (0, 1)]
    sides = [
        {one.sentence: one.sides for one in trials if one.purpose == Purpose.REAL}
        for trials in both
    ]
    assert all(sides[0][n] == sides[1][n][::-1] for n in range(8))


@pytest.mark.parametrize("kind", Kind)
def test_traps_and_repeats_are_there_and_none_comes_first(kind: Kind) -> None:
    trials = planned(kind, 2, 12)
    purposes = Counter(trial.purpose for trial in trials)
    assert purposes[Purpose.DEGRADED] + purposes[Purpose.IDENTICAL] == TRAPS
    assert purposes[Purpose.REPEAT] == REPEATS
    assert trials[0].purpose == Purpose.REAL


@pytest.mark.parametrize("kind", [Kind.PREFERENCE, Kind.CMOS])
def test_a_repeat_has_its_sides_swapped_and_comes_later(kind: Kind) -> None:
    trials = planned(kind, 2, 12)
    places = {
        (one.sentence, one.sides): n for n, one in enumerate(trials) if one.purpose == Purpose.REAL
    }
    for n, one in enumerate(trials):
        if one.purpose == Purpose.REPEAT:
            assert n - places[one.sentence, one.sides[::-1]] >= MIN_GAP


@pytest.mark.parametrize(("voices", "sentences"), [(4, 10), (3, 20), (6, 12), (3, 12)])
def test_of_shared_pairs_half_of_the_listeners_get_each_order(voices: int, sentences: int) -> None:
    orders: dict[tuple[int, frozenset[Sound]], Counter] = {}
    for listener in range(24):
        for one in planned(Kind.CMOS, voices, sentences, listener=listener):
            if one.purpose == Purpose.REAL:
                seen = orders.setdefault((one.sentence, frozenset(one.sides)), Counter())
                seen[one.sides] += 1
    assert all(len(seen) == 2 for seen in orders.values())
    assert all(max(seen.values()) - min(seen.values()) <= 1 for seen in orders.values())


def test_many_pairs_are_shared_between_listeners() -> None:
    judged: set = set()
    for listener in range(6):
        real = [
            one
            for one in planned(Kind.CMOS, 5, 12, listener=listener)
            if one.purpose == Purpose.REAL
        ]
        assert len(real) == 30
        judged |= {(one.sentence, frozenset(one.sides)) for one in real}
    assert len(judged) == 12 * 10


def test_the_sounds_of_the_traps_are_the_same_for_all() -> None:
    prepared = set(trap_sounds([0, 1], 12))
    for listener in range(3):
        for trial in planned(Kind.ABX, 2, 12, listener=listener):
            bad = [sound for sound in trial.sides if sound.degraded]
            assert all((sound.voice, trial.sentence) in prepared for sound in bad)
            assert trial.purpose in TRAP or not bad


def test_in_an_abx_trap_one_side_is_x_itself() -> None:
    traps = [one for one in planned(Kind.ABX, 2, 12) if one.purpose == Purpose.DEGRADED]
    assert all(one.reference in one.sides for one in traps)


def test_the_order_differs_between_listeners_and_not_between_calls() -> None:
    assert planned(Kind.CMOS, 2, 12) == planned(Kind.CMOS, 2, 12)
    first, second = (planned(Kind.CMOS, 2, 12, listener=number) for number in (0, 1))
    assert [one.sentence for one in first] != [one.sentence for one in second]


@pytest.mark.parametrize(("kind", "voices"), [(Kind.PREFERENCE, 1), (Kind.MOS, 0)])
def test_too_few_voices_are_refused(kind: Kind, voices: int) -> None:
    with pytest.raises(ValueError, match="too few"):
        planned(kind, voices, 3)


def test_an_abx_needs_a_reference() -> None:
    with pytest.raises(ValueError, match="reference"):
        plan(Kind.ABX, [0, 1], 3, listener=0, seed=1)
