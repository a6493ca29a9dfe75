"""The second speaker measure: known error rates, centring, refused input."""

import numpy as np
import pytest

from distillation.stages.second_opinion import SecondMeasure, equal_error_rate

VOICES, CLIPS, N = 12, 3, 32


def cohort(*, spread: float, shared: float = 5.0, seed: int = 0) -> np.ndarray:
    """Voices of length 1 on a large common vector; their clips are `spread` apart."""
    rng = np.random.default_rng(seed)
    voices = rng.standard_normal((VOICES, 1, N)) / np.sqrt(N)
    clips = spread * rng.standard_normal((VOICES, CLIPS, N)) / np.sqrt(N)
    return voices + clips + shared * np.eye(N)[0]


def test_the_error_rate_of_separable_overlapping_and_random_pairs() -> None:
    assert equal_error_rate(np.array([0.8, 0.9]), np.array([0.1, 0.2, 0.3])) == 0.0
    assert equal_error_rate(np.array([0.1, 0.2]), np.array([0.8, 0.9])) == 1.0
    same, different = np.array([0.9, 0.8, 0.7, 0.2]), np.array([0.1, 0.15, 0.3, 0.75])
    assert equal_error_rate(same, different) == 0.25
    rng = np.random.default_rng(0)
    of_two_normals = equal_error_rate(rng.normal(2.0, 1.0, 20_000), rng.normal(0.0, 1.0, 20_000))
    assert of_two_normals == pytest.approx(0.1587, abs=0.01)  # the normal's tail behind 1


def test_pairs_of_both_kinds_are_required() -> None:
    with pytest.raises(ValueError, match="pairs of one speaker"):
        equal_error_rate(np.array([]), np.array([0.5]))


def test_the_measure_is_reliable_on_distinct_voices_and_not_on_noise() -> None:
    apart, noise = SecondMeasure(cohort(spread=0.2)), SecondMeasure(cohort(spread=8.0))
    assert apart.equal_error_rate == 0.0
    assert apart.is_reliable
    assert 0.3 < noise.equal_error_rate < 0.7
    assert not noise.is_reliable


def test_the_mean_of_all_voices_is_subtracted() -> None:
    known = cohort(spread=0.2)
    measure = SecondMeasure(known)
    alike = [measure.similarity(one, other) for one in known[:4] for other in known[4:]]
    assert np.mean(np.abs(alike)) < 0.3  # plain cosines of these are 0.95 and more
    assert measure.similarity(known[0, 0], known[0, 1:]) > 0.9
    assert measure.similarity(known[0], known[0]) == pytest.approx(1.0)
    assert measure.similarity(known[0], known[1]) == measure.similarity(known[1], known[0])


def test_a_voice_that_moves_away_from_its_target_loses_similarity() -> None:
    known = cohort(spread=0.2)
    measure = SecondMeasure(known)
    target, start, other = known[0], known[1], known[2]
    nearer, farther = 0.5 * (start + target), 0.5 * (start + other - 0.5 * target)
    assert not measure.loses(target, start, nearer)
    assert measure.loses(target, nearer, start)
    assert measure.loses(target, nearer, farther)
    assert not measure.loses(target, start, start)


def test_a_loss_that_one_sentence_decides_is_one_and_is_told() -> None:
    known = cohort(spread=0.2)
    measure = SecondMeasure(known)
    target, start = known[0], 0.5 * (known[0] + known[1])
    one_off = np.stack([known[2, 0], *(0.6 * target[1:] + 0.4 * known[1, 1:])])
    assert measure.similarity(target, one_off) < measure.similarity(target, start)
    assert measure.loses(target, start, one_off)
    assert measure.one_clip_decides(target, start, one_off)
    everywhere = 0.5 * (known[2] + start)
    assert measure.loses(target, start, everywhere)
    assert not measure.one_clip_decides(target, start, everywhere)
    assert not measure.one_clip_decides(target, start[0], one_off[0])  # there is none to leave out


def test_an_unreliable_measure_flags_nothing() -> None:
    known = cohort(spread=8.0)
    target, start = known[0], known[1]
    assert not SecondMeasure(known).loses(target, 0.5 * (start + target), start)


def test_the_error_rate_of_a_pair_excludes_its_voices_from_the_mean() -> None:
    known = cohort(spread=0.2)
    measure = SecondMeasure(known)
    by_hand = known[[n for n in range(VOICES) if n not in (3, 5)]].mean(axis=(0, 1))
    a, b = known[3, 0] - by_hand, known[5, 1] - by_hand
    expected = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert measure._cosines(3, 5)[0, 1] == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(3, 3, 8), (12, 1, 8), (12, 8)])
def test_too_small_a_cohort_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"the cohort has shape"):
        SecondMeasure(np.ones(shape))


def test_non_finite_values_and_other_lengths_are_refused() -> None:
    known = cohort(spread=0.2)
    with pytest.raises(ValueError, match="wanted is"):
        SecondMeasure(known).similarity(np.ones(7), known[0])
    with pytest.raises(ValueError, match="wanted is"):
        SecondMeasure(known).similarity(np.empty((0, N)), known[0])
    known[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        SecondMeasure(known)
