"""The bound is never below a voice's score, and close to it when few texts are missing."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.recipe import WEIGHTS
from distillation.scoring import Scorer, self_similarity, similarity
from distillation.scoring.scorer import SLACK, harmonic_score, total_bound
from tests.distillation.voices import LONG, OTHER, SHORT, say


def voices(seed: int, count: int, spread: float) -> list[np.ndarray]:
    """Unit vectors without negative entries around a common one, as the encoder gives them."""
    rng = np.random.default_rng(seed)
    centre = rng.random(8)
    drawn = np.abs(centre + spread * rng.standard_normal((count, 8)))
    return list((drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32))


@given(
    seed=st.integers(0, 2**32 - 1),
    texts=st.integers(2, 5),
    spread=st.floats(0.0, 3.0),
    first_alone=st.booleans(),
    feature=st.floats(0.0, 1.0),
)
@settings(max_examples=300, deadline=None)
def test_no_voice_exceeds_its_bound(
    seed: int, texts: int, spread: float, first_alone: bool, feature: float
) -> None:
    target, *spoken = voices(seed, texts + 1, spread)
    near = [similarity(one, target) for one in spoken]
    values = {
        "target": near[0] if first_alone else float(np.mean(near)),
        "self": self_similarity(spoken),
        "feature": feature,
    }
    total = harmonic_score(values, WEIGHTS)
    bounds = [
        total_bound(
            spoken[:number], target, texts=texts, weights=WEIGHTS, first_alone=first_alone,
            feature=feature if number > 1 else 1.0,
        )
        for number in range(1, texts + 1)
    ]  # fmt: skip
    assert all(total <= bound for bound in bounds)
    assert bounds[-1] <= total + 2 * SLACK
    assert all(later <= sooner + 0.1 for sooner, later in pairwise(bounds))


def test_a_distant_first_text_gives_a_low_bound() -> None:
    scorer = Scorer(say(LONG))
    near, far = scorer.measure_text(say(SHORT)), scorer.measure_text(say(SHORT, "pm_gil"))
    best = scorer.score([near, scorer.measure_text(say(OTHER))])
    assert scorer.ceiling([near], texts=2) > best.total
    assert scorer.ceiling([far], texts=2) < scorer.ceiling([near], texts=2) - 3
    known = scorer.ceiling([far], texts=2, feature=scorer.feature(far))
    assert known < scorer.ceiling([far], texts=2)
    published = scorer.ceiling([far], texts=2, compared="first")
    assert published < scorer.ceiling([far], texts=2)
