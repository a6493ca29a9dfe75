"""Plans what a listener compares: balanced sides and order, traps, repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

from distillation.listening_tests.scales import SCALES, Kind, Purpose, Sound

MAX_REAL = 30  # real trials of a listener; above it, listeners share the pairs between them
TRAPS, REPEATS = 5, 4  # of each listener
MIN_GAP = 4  # trials between a trial and its repeat, where the plan is long enough


@dataclass(frozen=True)
class PlannedTrial:
    """One trial of a listener.

    Attributes
    ----------
    purpose : Purpose
        Real, repeat or trap.
    sentence : int
        Index of the sentence.
    sides : tuple of Sound
        A and B; A alone in a MOS.
    reference : Sound or None
        X, in an ABX.
    """

    purpose: Purpose
    sentence: int
    sides: tuple[Sound, ...]
    reference: Sound | None = None

    @property
    def swapped(self) -> PlannedTrial:
        return PlannedTrial(Purpose.REPEAT, self.sentence, self.sides[::-1], self.reference)


def trap_sounds(voices: Sequence[int], sentences: int) -> tuple[tuple[int, int], ...]:
    """Return voice and sentence of each trap, the same for all listeners of a test."""
    return tuple((voices[n % len(voices)], n % sentences) for n in range(TRAPS))


def plan(
    kind: Kind,
    voices: Sequence[int],
    sentences: int,
    *,
    listener: int,
    seed: int,
    reference: int | None = None,
    most: int = MAX_REAL,
) -> tuple[PlannedTrial, ...]:
    """Plan the trials of one listener.

    Every pair (or voice, in a MOS) is judged on every sentence, up to `most` trials a listener;
    the next listener goes on where the last one ended. A voice is on side A for half of the
    sentences of a listener, and for half of the listeners of a sentence. A repeat has the sides
    swapped, and comes `MIN_GAP` trials later where possible; the first trial is a real one.

    Parameters
    ----------
    kind : Kind
        Of the test.
    voices : sequence of int
        Indices of the voices that are judged; two or more for pairs.
    sentences : int
        Number of sentences, at least 1.
    listener : int
        Number of the listener in the test, from 0.
    seed : int
        Of the test.
    reference : int, optional
        Index of the voice X, for an ABX.
    most : int
        Most real trials of a listener.

    Returns
    -------
    tuple of PlannedTrial
        In the order of playing; the same for the same arguments.

    Raises
    ------
    ValueError
        Too few voices or sentences, or an ABX without a reference.

    References
    ----------
    .. [1] ITU-T P.800, annexes B and E (absolute and comparison categories, balanced order).
    .. [2] ITU-T P.808, 6.3.6 and 6.3.7 (trapping questions).
    """
    _check(kind, voices, sentences, reference)
    random = Random(f"{seed}-{listener}")  # noqa: S311
    x = Sound(reference) if reference is not None else None
    real = _real(kind, voices, sentences, listener, most, x)
    random.shuffle(real)
    trials = _with_repeats(real, random)
    for number, (voice, sentence) in enumerate(trap_sounds(voices, sentences)):
        trap = _trap(kind, number, voice, sentence, random)
        trials.insert(random.randint(1, len(trials)), trap)
    return tuple(trials)


def _check(kind: Kind, voices: Sequence[int], sentences: int, reference: int | None) -> None:
    if len(voices) < SCALES[kind].sides or sentences < 1:
        raise ValueError(f"{len(voices)} voices and {sentences} sentences are too few")
    if (kind == Kind.ABX) != (reference is not None):
        raise ValueError("an ABX has a reference, the other kinds have none")


def _real(
    kind: Kind, voices: Sequence[int], sentences: int, listener: int, most: int, x: Sound | None
) -> list[PlannedTrial]:
    groups = list(combinations(voices, SCALES[kind].sides))
    every = [(sentence, n) for sentence in range(sentences) for n in range(len(groups))]
    count = min(most, len(every))
    trials = []
    for at in range(listener * count, (listener + 1) * count):
        sentence, n = every[at % len(every)]
        sides = tuple(Sound(voice) for voice in groups[n])
        is_swapped = (sentence + n + at // len(every)) % 2  # each time all have had their turn
        trials.append(PlannedTrial(Purpose.REAL, sentence, sides[::-1] if is_swapped else sides, x))
    return trials


def _with_repeats(real: list[PlannedTrial], random: Random) -> list[PlannedTrial]:
    """Insert repeats of trials of the first half into the second half."""
    trials = list(real)
    half = max(1, len(real) // 2)
    for first in random.sample(real[:half], min(REPEATS, half)):
        earliest = max(trials.index(first) + MIN_GAP, len(trials) // 2)
        trials.insert(random.randint(min(earliest, len(trials)), len(trials)), first.swapped)
    return trials


def _trap(kind: Kind, number: int, voice: int, sentence: int, random: Random) -> PlannedTrial:
    clean, bad = Sound(voice), Sound(voice, degraded=True)
    if kind == Kind.MOS:
        return PlannedTrial(Purpose.DEGRADED, sentence, (bad,))
    if kind == Kind.CMOS and number == 0:
        return PlannedTrial(Purpose.IDENTICAL, sentence, (clean, clean))
    sides = (clean, bad) if random.random() < 0.5 else (bad, clean)
    return PlannedTrial(Purpose.DEGRADED, sentence, sides, clean if kind == Kind.ABX else None)
