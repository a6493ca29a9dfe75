"""The surrogate's parts: its space, its model, its halves, its memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.search import surrogate
from distillation.search.subspace import BOUND, HALF, Subspace
from distillation.search.surrogate import BATCH, BEHIND, GaussianProcess, Halves, Surrogate
from tests.distillation.search.test_strategies import make, quadratic, voices, walk


def test_directions_are_those_of_the_voices_and_random_orthogonal_ones() -> None:
    stock = voices()
    bare, filled = Subspace(stock[0], stock), Subspace(stock[0], stock, least=(8, 4))
    assert len(bare.directions) == 2 * (len(stock) - 1)
    assert (filled.timbre.sum(), (~filled.timbre).sum()) == (8, 4)
    assert not filled.directions[filled.timbre][:, HALF:].any()
    assert not filled.directions[~filled.timbre][:, :HALF].any()
    products = filled.directions @ filled.directions.T
    assert np.abs(products - np.diag(np.diag(products))).max() < 1e-9


@given(seed=st.integers(0, 99))
def test_coordinates_and_packs_are_each_others_inverse(seed: int) -> None:
    stock = voices()
    space = Subspace(stock[0], stock, least=(8, 4))
    point = np.random.default_rng(seed).uniform(space.low, space.high)
    pack = space.pack(point)
    assert space.coordinates(pack) == pytest.approx(point, abs=1e-4)
    assert np.ptp((pack - stock[0])[:, 0], axis=0).max() < 1e-6
    assert np.array_equal(space.pack(space.origin), stock[0])


def test_voices_lie_within_the_bounds() -> None:
    stock = voices()
    space = Subspace(stock[0], stock)
    for voice in stock:
        assert np.all(np.abs(space.coordinates(voice)) <= BOUND)


def test_the_model_interpolates_known_points_and_is_uncertain_elsewhere() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(-1, 1, (60, 2))
    values = np.sin(2 * points[:, 0]) + 0.1 * points[:, 1]
    model = GaussianProcess(points, values, slow=np.array([False, True]))
    unseen = rng.uniform(-0.8, 0.8, (20, 2))
    expected, deviation = model(unseen)
    assert np.abs(expected - np.sin(2 * unseen[:, 0]) - 0.1 * unseen[:, 1]).max() < 0.1
    assert model(np.array([[30.0, 0.0]]))[1][0] > 5 * deviation.max()
    assert model._lengths[1] > model._lengths[0]


def test_a_constant_score_is_modelled_too() -> None:
    points = np.random.default_rng(1).uniform(-1, 1, (5, 3))
    expected, deviation = GaussianProcess(points, np.full(5, 3.0), slow=np.zeros(3, bool))(points)
    assert expected == pytest.approx(np.full(5, 3.0), abs=1e-5)
    assert np.isfinite(deviation).all()


def knowing(seed: int = 0) -> Surrogate:
    """The strategy after the choice of the start, in which every voice was scored."""
    stock = voices()
    return Surrogate(
        start=stock[0],
        start_score=scaled(stock[0]),
        population=stock,
        diversity=(0.01, 0.15),
        seed=seed,
        known=[(voice, scaled(voice)) for voice in stock],
    )


def scaled(pack: np.ndarray) -> float:
    """A score in the usual range: 83 at the start, 90 at the optimum."""
    return 90.0 + 0.1 * quadratic(pack)


@pytest.mark.parametrize("seed", range(3))
def test_forty_candidates_come_near_the_optimum(seed: int) -> None:
    search, best = knowing(seed), 0.0
    for _ in range(40):
        score = scaled(search.ask())
        search.tell(score)
        best = max(best, score)
    assert scaled(voices()[0]) < 83.5
    assert best > 89.5


def test_halves_move_one_half_at_a_time() -> None:
    search = make("halves")
    assert isinstance(search, Halves)
    for turn, still in enumerate((slice(HALF, None), slice(0, HALF)) * 2):
        batch = [search.ask() for _ in range(BATCH)]
        at_rest = {candidate[0, 0, still].tobytes() for candidate in batch}
        moved = {candidate.tobytes() for candidate in batch}
        assert len(moved) == BATCH, turn
        assert len(at_rest) == 1, turn
        for candidate in batch:
            search.tell(quadratic(candidate))


def test_memory_keeps_the_best_and_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surrogate, "MEMORY", 20)
    search = make("surrogate")
    best = walk(search, 60)[1]
    assert 10 <= len(search._values) <= 20  # type: ignore[attr-defined]
    assert max(search._values) == best  # type: ignore[attr-defined]


@given(behind=st.floats(BEHIND, 200.0), ceiling=st.booleans())
@settings(max_examples=10, deadline=None)
def test_below_the_floor_all_candidates_are_equal(behind: float, ceiling: bool) -> None:
    one, other = make("surrogate"), make("surrogate")
    for _ in range(BATCH):
        one.ask()
        other.ask()
        assert one.floor == other.floor
        bad = one.floor + BEHIND - behind
        one.tell(one.floor)
        other.tell(None, ceiling=bad) if ceiling else other.tell(bad)
    assert np.array_equal(one.ask(), other.ask())
