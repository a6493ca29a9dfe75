"""The score compared with harmonic means computed by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.scoring.scorer import FLOOR, harmonic_score

WEIGHTS = {"target": 0.48, "self": 0.50, "feature": 0.02}
unit = st.floats(0.0, 1.0)


def score(target: float, self_: float, feature: float) -> float:
    return harmonic_score({"target": target, "self": self_, "feature": feature}, WEIGHTS)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1.0, 1.0, 1.0), 100.0),
        ((0.5, 0.5, 0.5), 50.0),
        # 100 / (0.48 / 0.8 + 0.50 / 1 + 0.02 / 0.5) = 100 / 1.14
        ((0.8, 1.0, 0.5), 87.719298),
        # KVoiceWalk's headline: 100 / (0.48/0.917 + 0.50/0.971 + 0.02/0.54)
        ((0.917, 0.971, 0.54), 92.96),
        # a part at zero counts as the floor: 100 / (0.48 + 0.50 + 0.02 / 0.01)
        ((1.0, 1.0, 0.0), 100 / 2.98),
        ((0.0, 0.0, 0.0), 100 * FLOOR),
    ],
)
def test_values_equal_those_computed_by_hand(
    values: tuple[float, float, float], expected: float
) -> None:
    assert score(*values) == pytest.approx(expected, rel=5e-4)


@given(unit, unit, unit)
def test_the_score_lies_between_its_parts(a: float, b: float, c: float) -> None:
    floored = [max(FLOOR, value) for value in (a, b, c)]
    assert 100 * min(floored) - 1e-9 <= score(a, b, c) <= 100 * max(floored) + 1e-9


@given(unit, unit, unit, st.floats(0.0, 0.5))
def test_the_score_never_falls_when_a_part_rises(a: float, b: float, c: float, more: float) -> None:
    assert score(min(1.0, a + more), b, c) >= score(a, b, c) - 1e-9


def test_weights_of_other_names_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        harmonic_score({"target": 1.0}, WEIGHTS)
