"""Statistics on simulated listeners: intervals cover the truth, lazy listeners are found."""

from __future__ import annotations

import numpy as np
import pytest

from distillation.listening_tests.analysis import analyse
from distillation.listening_tests.reliability import reliability
from distillation.listening_tests.scales import Kind
from tests.distillation.listening_tests.simulated import Crowd

SIMULATIONS, WANTED = 100, 90
PEOPLE = 300
LEAST_FOUND = {"random": 0.8, "same": 1.0}  # as docs/listening-tests.md states
MOST_ACCUSED = 0.05


@pytest.mark.slow
@pytest.mark.parametrize("listeners", [2, 8, 20])
@pytest.mark.parametrize("better", [0.0, 1.0])
@pytest.mark.parametrize("kind", Kind)
def test_intervals_cover_the_truth_in_90_of_100_simulations(
    kind: Kind, better: float, listeners: int
) -> None:
    crowd = Crowd(kind, better, np.random.default_rng(1))
    truth = crowd.truth()
    covered = 0
    for _ in range(SIMULATIONS):
        [effect] = analyse(kind, [0, 1], crowd.ballots(listeners, 12))["all"]["effects"]
        covered += effect["low"] <= truth <= effect["high"]
    assert covered >= WANTED


@pytest.mark.parametrize("manner", LEAST_FOUND)
@pytest.mark.parametrize("kind", Kind)
def test_lazy_listeners_are_found(kind: Kind, manner: str) -> None:
    crowd = Crowd(kind, 1.0, np.random.default_rng(2))
    found = [reliability(kind, crowd.ballots(0, 12, manner)).is_excluded for _ in range(PEOPLE)]
    assert np.mean(found) >= LEAST_FOUND[manner]


@pytest.mark.parametrize("better", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("kind", Kind)
def test_attentive_listeners_are_kept(kind: Kind, better: float) -> None:
    crowd = Crowd(kind, better, np.random.default_rng(3))
    accused = [reliability(kind, crowd.ballots(1, 12)).is_excluded for _ in range(PEOPLE)]
    assert np.mean(accused) <= MOST_ACCUSED


@pytest.mark.parametrize("kind", Kind)
def test_lazy_listeners_do_not_hide_a_difference(kind: Kind) -> None:
    crowd = Crowd(kind, 1.5, np.random.default_rng(4))
    figures = analyse(kind, [0, 1], crowd.ballots(8, 12, *["random"] * 4, *["same"] * 2))
    kept, everyone = (figures[name]["effects"][0] for name in ("kept", "all"))
    assert set(figures["excluded"]) & set(range(8, 14))
    assert kept["value"] > everyone["value"]
    assert kept["low"] > (0.5 if kind in (Kind.PREFERENCE, Kind.ABX) else 0.0)
