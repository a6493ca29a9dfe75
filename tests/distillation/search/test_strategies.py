"""Search strategies on plain arrays: as published, reproducible, resumable, bounded."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.search import (
    STRATEGIES,
    WITH_GRADIENT,
    SearchError,
    State,
    Strategy,
    strategy,
)
from distillation.search.random_walk import BOUND, _length_mode

ROWS = 12

BY_SCORE = [name for name in STRATEGIES if name not in WITH_GRADIENT]


def voices(n: int = 4, rows: int = ROWS) -> np.ndarray:
    """Stock voices as they are: a vector each, and one length mode scaled per voice."""
    rng = np.random.default_rng(7)
    means = 0.14 * rng.standard_normal((n, 1, 1, 256))
    mode = np.linspace(-1, 1, rows)[:, None, None] * rng.standard_normal(256)
    return (means + 0.02 * rng.uniform(0.5, 2, (n, 1, 1, 1)) * mode).astype(np.float32)


def make(name: str, seed: int = 0, stock: np.ndarray | None = None) -> Strategy:
    stock = voices() if stock is None else stock
    return strategy(
        name,
        start=stock[0],
        start_score=quadratic(stock[0]) if stock.shape == voices().shape else 0.0,
        population=stock,
        diversity=(0.01, 0.15),
        seed=seed,
    )


def quadratic(pack: np.ndarray) -> float:
    """A score whose optimum lies between the stock voices."""
    wanted = voices()[1:].mean(axis=0)
    return -float(np.sum((pack - wanted) ** 2))


def walk(search: Strategy, steps: int) -> tuple[np.ndarray, float]:
    best, best_score = voices()[0], quadratic(voices()[0])
    for _ in range(steps):
        candidate = search.ask()
        score = quadratic(candidate)
        assert search.tell(score) == (score > best_score)
        if score > best_score:
            best, best_score = candidate, score
    return best, best_score


@pytest.mark.parametrize("name", BY_SCORE)
def test_each_strategy_improves_the_score(name: str) -> None:
    best, score = walk(make(name), 60 if name in ("surrogate", "halves") else 400)
    assert score > quadratic(voices()[0]) + 1.0
    assert best.shape == (ROWS, 1, 256)
    assert best.dtype == np.float32


def test_shared_walk_improves_more_in_equal_steps() -> None:
    assert walk(make("shared-walk"), 300)[1] > walk(make("random-walk"), 300)[1] * 0.8


@pytest.mark.parametrize("name", BY_SCORE)
def test_equal_seeds_give_equal_candidates(name: str) -> None:
    one, two, other = make(name, 3), make(name, 3), make(name, 4)
    assert np.array_equal(one.ask(), two.ask())
    assert not np.array_equal(two.tell(None) or two.ask(), other.ask())


def test_random_walk_is_the_published_mutation() -> None:
    stock = voices(rows=510)
    search = make("random-walk", stock=stock)
    scaled = (search.ask() - stock[0]) / stock.std(axis=0, ddof=1)
    assert abs(scaled.mean()) < 0.001
    assert 0.01 <= scaled.std() <= 0.15
    diversities = []
    for _ in range(30):
        search.tell(None)
        diversities.append(((search.ask() - stock[0]) / stock.std(axis=0, ddof=1)).std())
    assert min(diversities) < 0.04 < 0.12 < max(diversities)
    between_rows = np.corrcoef(scaled[0, 0], scaled[1, 0])[0, 1]
    assert abs(between_rows) < 0.25


def test_shared_walk_moves_all_rows_equally_except_for_one_length_mode() -> None:
    stock = voices()
    search = make("shared-walk", stock=stock)
    moved = (search.ask() - stock[0])[:, 0, :]
    rest = moved - moved.mean(axis=0)
    singular = np.linalg.svd(rest, compute_uv=False)
    assert singular[1] < 1e-3 * max(singular[0], 1e-2)


def test_shared_walk_stays_within_the_range_of_stock_voices() -> None:
    stock = voices()
    search = make("shared-walk", stock=stock)
    climbing = 0.0
    for _ in range(600):  # ever better: the stride grows to its limit, only the bound holds
        candidate = search.ask()
        climbing += 1.0
        search.tell(climbing)
    means = stock[:, :, 0].mean(axis=1)
    distance = np.abs(candidate[:, 0].mean(axis=0) - means.mean(axis=0))
    assert np.all(distance <= BOUND * means.std(axis=0, ddof=1) + 1e-5)


def test_length_mode_is_the_direction_rows_vary_in() -> None:
    rng = np.random.default_rng(0)
    direction = rng.standard_normal((ROWS, 256))
    direction -= direction.mean(axis=0)
    direction /= np.linalg.norm(direction)
    mode, lengths = _length_mode(np.array([1.0, 2.0, -0.5])[:, None, None] * direction)
    assert abs(np.sum(mode * direction)) == pytest.approx(1.0)
    assert lengths / lengths[0] == pytest.approx([1.0, 2.0, -0.5])


def test_voices_without_a_length_mode_have_a_zero_one() -> None:
    mode, lengths = _length_mode(np.zeros((3, ROWS, 256)))
    assert not mode.any()
    assert not lengths.any()


@pytest.mark.parametrize("name", BY_SCORE)
def test_no_more_is_asked_than_a_batch_and_told_than_was_asked(name: str) -> None:
    search = make(name)
    with pytest.raises(SearchError, match="before telling"):
        search.tell(1.0)
    for left in range(search.batch, 0, -1):
        assert search.batch == left
        search.ask()
    with pytest.raises(SearchError, match="before asking"):
        search.ask()


def stored(state: State) -> State:
    """The state after being written to a file and read back."""
    blob = io.BytesIO()
    np.savez(blob, **state)
    blob.seek(0)
    with np.load(blob, allow_pickle=False) as npz:
        return {key: npz[key] if npz[key].ndim else npz[key].item() for key in npz}


@given(data=st.data(), name=st.sampled_from(sorted(BY_SCORE)), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_batches_and_restarts_anywhere_change_nothing(
    data: st.DataObject, name: str, seed: int
) -> None:
    """One search goes step by step; the other in batches, saved and restored between any calls."""
    plain, batched = make(name, seed), make(name, seed)
    waiting: list[np.ndarray] = []
    for act in data.draw(
        st.lists(st.sampled_from(("ask", "tell", "restart")), min_size=30, max_size=120)
    ):
        if act == "ask" and batched.batch:
            waiting.append(batched.ask())
        elif act == "tell" and waiting:
            candidate = waiting.pop(0)
            assert np.array_equal(plain.ask(), candidate)
            assert plain.floor == batched.floor
            score = quadratic(candidate)
            dropped = score < quadratic(voices()[0])
            told = {"score": None, "ceiling": 50.0 + score} if dropped else {"score": score}
            assert plain.tell(**told) == batched.tell(**told)
        elif act == "restart":
            batched, state = make(name, seed + 1), stored(batched.state())
            batched.restore(state)
            assert all(np.array_equal(batched.ask(), candidate) for candidate in waiting)
    assert plain.batch == batched.batch + len(waiting)


def test_cma_es_moves_every_row_equally_within_the_voices_span() -> None:
    stock = voices()
    search = make("cma-es", stock=stock)
    moved = (search.ask() - stock[0])[:, 0, :].astype(float)
    assert np.ptp(moved, axis=0).max() < 1e-6
    means = stock[:, :, 0].mean(axis=1).astype(float)
    for half in (slice(0, 128), slice(128, 256)):
        span = (means - means.mean(axis=0))[:, half]
        outside = moved[0, half] - np.linalg.lstsq(span.T, moved[0, half], rcond=None)[0] @ span
        assert np.abs(outside).max() < 1e-5


def test_cma_es_improves_more_than_the_published_walk() -> None:
    assert walk(make("cma-es"), 100)[1] > walk(make("random-walk"), 1000)[1] + 10.0


def test_cma_es_restarts_when_it_has_collapsed() -> None:
    search = make("cma-es")
    walk(search, 3000)
    assert search._restarts >= 1  # type: ignore[attr-defined]
    fresh = make("cma-es", seed=9)
    fresh.restore(search.state())
    assert np.array_equal(fresh.ask(), search.ask())


def test_cma_es_prefers_the_dropped_candidate_that_was_nearer() -> None:
    near, far = make("cma-es"), make("cma-es")
    for search, sign in ((near, 1.0), (far, -1.0)):
        for _ in range(60):
            search.tell(None, ceiling=50.0 + sign * quadratic(search.ask()))
    assert quadratic(near.ask()) > quadratic(far.ask())


def test_invalid_setups_are_named() -> None:
    with pytest.raises(
        SearchError,
        match="cma-es, gradient, surrogate, halves, shared-walk, random-walk; not 'annealing'",
    ):
        make("annealing")
    for name in STRATEGIES:
        with pytest.raises(SearchError, match="two base voices"):
            make(name, stock=voices(1))
    with pytest.raises(SearchError, match="of shape"):
        strategy(
            "random-walk",
            start=voices()[0],
            start_score=0.0,
            population=voices(rows=3),
            diversity=(0.01, 0.15),
            seed=0,
        )
