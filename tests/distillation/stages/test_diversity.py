"""Diversity: on the scale of the published walk's noise, for candidates of any strategy."""

import numpy as np
import pytest

from distillation.stages.search_progress import Diversity

RNG = np.random.default_rng(0)
STOCK = [RNG.standard_normal((40, 1, 256)).astype(np.float32) for _ in range(6)]


@pytest.mark.parametrize("diversity", [0.01, 0.15])
def test_diversity_equals_the_noise_scale_of_the_published_walk(diversity: float) -> None:
    std = np.std(STOCK, axis=0, ddof=1)
    noise = RNG.standard_normal(STOCK[0].shape)
    candidate = (STOCK[0] + noise * std * diversity).astype(np.float32)
    assert Diversity(STOCK).of(candidate, STOCK[0]) == pytest.approx(diversity, rel=0.02)


def test_the_best_itself_has_zero_diversity_and_constant_elements_are_ignored() -> None:
    assert Diversity(STOCK).of(STOCK[1], STOCK[1]) == 0.0
    shared = [np.concatenate([pack[:20], np.ones_like(pack[20:])]) for pack in STOCK]
    moved = shared[1] + np.float32(0.1)
    assert 0.05 < Diversity(shared).of(moved, shared[1]) < 0.5
    assert Diversity([STOCK[0]] * 2).of(STOCK[1], STOCK[2]) == 0.0


def test_the_running_mean_starts_at_the_first_value_and_follows_the_rest() -> None:
    found, far = Diversity(STOCK), STOCK[1]
    first = found.running(0.0, far, STOCK[0])
    assert first == found.of(far, STOCK[0])
    assert found.running(first, STOCK[0], STOCK[0]) == pytest.approx(0.9 * first)
