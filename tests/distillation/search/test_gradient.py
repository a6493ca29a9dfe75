"""The gradient strategy on a known gradient: uphill, reproducible, resumable, few scores."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.search import STEPS, STRATEGIES, WITH_GRADIENT, SearchError, strategy
from distillation.search.gradient import FIRST, ROUND, SENTENCES, Gradient
from tests.distillation.search.test_strategies import quadratic, stored, voices


def gradient(pack: np.ndarray) -> np.ndarray:
    """Of `quadratic`, for an offset to all rows."""
    wanted = voices()[1:].mean(axis=0)
    return -2.0 * (pack - wanted)[:, 0].sum(axis=0).astype(np.float64)


def make(seed: int = 0, steps: int = FIRST + 2 * ROUND, **changed: Any) -> Gradient:
    stock = voices()
    made = strategy(
        "gradient",
        start=stock[0],
        start_score=quadratic(stock[0]),
        population=stock,
        diversity=(0.01, 0.15),
        seed=seed,
        steps=steps,
        **changed,
    )
    assert isinstance(made, Gradient)
    return made


def tell(search: Gradient, candidate: np.ndarray, sentence: int | None) -> bool:
    if sentence is None:
        return search.tell(quadratic(candidate))
    search.tell_gradient(gradient(candidate))
    return False


def climb(search: Gradient, steps: int) -> list[tuple[np.ndarray, int | None]]:
    """Ask one at a time; return candidates and sentences (None: to be scored)."""
    asked = []
    for _ in range(steps):
        candidate = search.ask()
        asked.append((candidate, search.sentence))
        tell(search, *asked[-1])
    return asked


def test_it_is_a_strategy_that_knows_its_number_of_steps() -> None:
    assert set(WITH_GRADIENT) == set(STEPS) <= set(STRATEGIES)


def test_it_reduces_the_loss_to_a_third_in_three_rounds() -> None:
    asked = climb(make(), FIRST + 2 * ROUND)
    scores = [quadratic(candidate) for candidate, sentence in asked if sentence is None]
    assert len(scores) == 3
    assert min(scores) > quadratic(voices()[0])
    assert scores[-1] / quadratic(voices()[0]) < 0.35  # of the loss that it began with


def test_each_gradient_uses_a_new_sentence_and_the_last_candidate_is_scored() -> None:
    steps = FIRST + ROUND + 4
    sentences = [sentence for _, sentence in climb(make(seed=7, steps=steps), steps)]
    taken = [sentence for sentence in sentences if sentence is not None]
    assert taken == list(range(7, 7 + len(taken)))
    assert [n for n, one in enumerate(sentences) if one is None] == [
        FIRST - 1, FIRST + ROUND - 1, steps - 1
    ]  # fmt: skip


def test_gradients_are_asked_in_pairs_and_scores_one_at_a_time() -> None:
    search = make()
    first = [search.ask() for _ in range(SENTENCES)]
    assert np.array_equal(*first)
    assert search.batch == 0
    with pytest.raises(SearchError, match="before asking"):
        search.ask()
    for candidate in first:
        search.tell_gradient(gradient(candidate))
    assert search.batch == SENTENCES
    climb(search, FIRST - 1 - SENTENCES)
    assert search.batch == 1
    search.ask()
    assert (search.sentence, search.batch) == (None, 0)
    with pytest.raises(SearchError, match="before telling"):
        make().tell(1.0)


def test_asking_in_pairs_gives_the_result_of_asking_one_at_a_time() -> None:
    one, two = make(), make()
    climb(one, 2 * ROUND)
    done = 0
    while done < 2 * ROUND:
        asked = []
        for _ in range(two.batch):
            asked.append((two.ask(), two.sentence))
        for candidate, sentence in asked:
            tell(two, candidate, sentence)
        done += len(asked)
    assert np.array_equal(one.ask(), two.ask())


@given(cut=st.integers(0, 2 * ROUND), asked=st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_search_restored_at_any_step_continues_identically(cut: int, asked: bool) -> None:
    plain, other = make(1), make(1)
    climb(plain, 2 * ROUND + 1)
    climb(other, cut)
    if asked:
        other.ask()
    state, other = stored(other.state()), make(1)
    other.restore(state)
    climb(other, 2 * ROUND + 1 - cut)
    assert np.array_equal(plain.ask(), other.ask())
    assert plain.sentence == other.sentence
    assert plain.state()["best_score"] == other.state()["best_score"]


def test_dimensions_constant_over_the_base_voices_do_not_change() -> None:
    stock = voices()
    stock[:, :, :, 3] = stock[0, :, :, 3]
    search = strategy(
        "gradient", start=stock[0], start_score=0.0, population=stock, diversity=(0.01, 0.15),
        seed=0, steps=20,
    )  # fmt: skip
    assert isinstance(search, Gradient)
    for _ in range(6):
        search.ask()
        search.tell_gradient(np.ones(stock.shape[-1]))
    moved = search.ask() - stock[0]
    assert np.all(moved[:, :, 3] == 0)
    assert np.count_nonzero(moved) > 0
    assert np.allclose(moved, moved[:1])  # one offset for all rows
