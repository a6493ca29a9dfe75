"""Simulated listeners: attentive ones of known preference, and lazy ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distillation.listening_tests.design import PlannedTrial, plan
from distillation.listening_tests.reliability import Ballot
from distillation.listening_tests.scales import SCALES, SHARES, TRAPS, Kind, Purpose

SPREAD = 0.4  # of listeners and of sentences
NEAR = 0.4  # differences that sound like none
SLIP = 0.02  # of an attentive listener at a trap


@dataclass
class Crowd:
    """People who hear how much better voice 0 is than voice 1.

    Attributes
    ----------
    kind : Kind
    better : float
        How much better voice 0 is, in units of the noise of a vote.
    rng : Generator
    """

    kind: Kind
    better: float
    rng: np.random.Generator

    def ballots(self, attentive: int, sentences: int, *lazy: str) -> list[Ballot]:
        """Return the answers of attentive listeners, and after them of lazy ones by manner."""
        ears = self.rng.normal(0, SPREAD, attentive)
        texts = self.rng.normal(0, SPREAD, sentences)
        reference = 2 if self.kind == Kind.ABX else None
        found = []
        for number in range(attentive + len(lazy)):
            trials = plan(
                self.kind, [0, 1], sentences, listener=number, seed=3, reference=reference
            )
            for trial in trials:
                if number < attentive:
                    value = self._attentive(trial, ears[number] + texts[trial.sentence])
                else:
                    value = self._lazy(lazy[number - attentive])
                found.append(Ballot(number, trial.purpose, trial.sentence, trial.sides, value))
        return found

    def truth(self) -> float:
        """Return the effect over infinitely many listeners and sentences."""
        count = 200_000
        chance = self.rng.normal(0, SPREAD, count) + self.rng.normal(0, SPREAD, count)
        if self.kind == Kind.MOS:
            means = [self._rating(level + chance).mean() for level in (self.better, 0.0)]
            return float(means[0] - means[1])
        favour = self._favour(self.better + chance)
        return float(((favour + 1) / 2 if self.kind in SHARES else favour).mean())

    def _attentive(self, trial: PlannedTrial, chance: float) -> int:
        if trial.purpose in TRAPS:
            return self._random() if self.rng.random() < SLIP else self._at_trap(trial)
        if self.kind == Kind.MOS:
            level = self.better if trial.sides[0].voice == 0 else 0.0
            return int(self._rating(np.array([level + chance]))[0])
        favour = int(self._favour(np.array([self.better + chance]))[0])
        return -favour if trial.sides[0].voice == 0 else favour

    def _at_trap(self, trial: PlannedTrial) -> int:
        if self.kind == Kind.MOS:
            return int(self.rng.choice([1, 1, 2]))
        if trial.purpose == Purpose.IDENTICAL:
            return int(self.rng.choice([-1, 0, 0, 1]))
        size = 1 if self.kind in SHARES else int(self.rng.choice([2, 3]))
        return size if trial.sides[0].degraded else -size

    def _favour(self, better: np.ndarray) -> np.ndarray:
        felt = better + self.rng.logistic(0, 1, len(better))
        if self.kind == Kind.CMOS:
            return np.clip(np.round(felt), -3, 3)
        if self.kind == Kind.PREFERENCE:
            return np.where(np.abs(felt) < NEAR, 0, np.sign(felt))
        return np.sign(felt)

    def _rating(self, level: np.ndarray) -> np.ndarray:
        return np.clip(np.round(3 + level + self.rng.normal(0, 0.7, len(level))), 1, 5)

    def _lazy(self, manner: str) -> int:
        return self._random() if manner == "random" else SCALES[self.kind].answers[0]

    def _random(self) -> int:
        return int(self.rng.choice(SCALES[self.kind].answers))
