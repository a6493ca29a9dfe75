"""The experimental strategy on a known gradient: uphill, reproducible, resumable, bounded."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.search import EXPERIMENTAL, STRATEGIES, SearchError, strategy
from distillation.search.gradient import PATIENCE, RATES, Gradient
from tests.distillation.search.test_strategies import quadratic, stored, voices, walk


def gradient(pack: np.ndarray, turn: int) -> np.ndarray:
    """Of `quadratic`, for an offset to all rows."""
    wanted = voices()[1:].mean(axis=0)
    return -2.0 * (pack - wanted)[:, 0].sum(axis=0).astype(np.float64)


def make(seed: int = 0, **changed: Any) -> Gradient:
    stock = voices()
    made = strategy(
        "gradient",
        start=stock[0],
        start_score=quadratic(stock[0]),
        population=stock,
        diversity=(0.01, 0.15),
        seed=seed,
        **{"gradient": gradient, **changed},
    )
    assert isinstance(made, Gradient)
    return made


def test_it_is_not_among_the_proven_strategies() -> None:
    assert not set(EXPERIMENTAL) & set(STRATEGIES)
    with pytest.raises(SearchError, match="no gradient"):
        make(gradient=None)


def test_it_improves_ten_times_faster_than_others() -> None:
    assert walk(make(), 40)[1] > walk_of("cma-es", 40) + 1.0


def walk_of(name: str, steps: int) -> float:
    stock = voices()
    made = strategy(
        name, start=stock[0], start_score=quadratic(stock[0]), population=stock,
        diversity=(0.01, 0.15), seed=0,
    )  # fmt: skip
    return walk(made, steps)[1]


def test_equal_seeds_equal_candidates_and_one_at_a_time() -> None:
    one, two, other = make(3), make(3), make(4)
    with pytest.raises(SearchError, match="before telling"):
        one.tell(1.0)
    first = one.ask()
    assert np.array_equal(first, two.ask())
    assert not np.array_equal(first, other.ask())
    assert one.batch == 0
    with pytest.raises(SearchError, match="before asking"):
        one.ask()
    assert first.dtype == np.float32


@given(
    told=st.lists(st.one_of(st.none(), st.floats(-300, 0)), max_size=3 * PATIENCE),
    cut=st.integers(0, 3 * PATIENCE),
    asked=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_restored_anywhere_it_continues_identically(
    told: list[float | None], cut: int, asked: bool
) -> None:
    plain, other = make(1), make(1)
    for step, score in enumerate(told):
        if step == cut:
            if asked:
                other.ask()
            state, other = stored(other.state()), make(9)
            other.restore(state)
        assert np.array_equal(plain.ask(), other.ask())
        assert plain.floor == other.floor
        assert plain.tell(score) == other.tell(score)


def test_without_success_it_returns_with_a_lower_rate_and_finally_restarts() -> None:
    search = make()
    rates = set()
    for _ in range(5 * PATIENCE):
        search.ask()
        search.tell(None)
        rates.add(search._rate)
    assert rates == {RATES[0], RATES[0] / 2, RATES[0] / 4, RATES[0] / 8}


def test_it_stays_within_the_range_of_stock_voices() -> None:
    uphill = make(gradient=lambda pack, _: np.ones(pack.shape[-1]))
    for climbing in range(200):  # ever better, ever on: only the bound holds
        candidate = uphill.ask()
        uphill.tell(float(climbing))
    space = uphill._space
    point = space.coordinates(candidate)
    assert np.all(point >= space.low - 1e-3)
    assert np.all(point <= space.high + 1e-3)
    assert np.abs(point).max() > 2.9
