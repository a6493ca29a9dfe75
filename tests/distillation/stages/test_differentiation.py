"""Different and equal styles, with variances computed by hand."""

import numpy as np
import pytest

from distillation.stages.differentiation import differentiation


def figures(pitch: list[list[float | None]]) -> dict[str, list[list[float | None]]]:
    return {"pitch_mean_hz": pitch}


def test_values_equal_those_computed_by_hand() -> None:
    # style means 110 and 90: mean 100, deviation 10, so 10 %; sentences differ alike, within 0
    found = differentiation(figures([[100, 120], [80, 100]]), 0.05)
    axis = found.axes[0]
    assert axis.style_means == (110.0, 90.0)
    assert axis.variation == pytest.approx(0.10)
    assert axis.between == pytest.approx(20.0)  # sqrt(2 · 200): mean square of the styles
    assert axis.within == pytest.approx(0.0)
    assert found.value == pytest.approx(0.10)
    assert found.passed


def test_random_differences_are_not_differentiation() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(100, 30, (4, 3)).tolist()
    found = differentiation(figures(rows), 0.05)
    assert found.axes[0].variation > 0.05  # the coefficient alone would have passed
    assert found.axes[0].p > 0.05
    assert not found.passed
    assert "no more than one style" in found.reason


def test_clear_but_small_differences_do_not_pass() -> None:
    found = differentiation(figures([[100, 110, 120], [101, 111, 121]]), 0.05)
    assert found.axes[0].counts
    assert not found.passed


def test_one_axis_suffices_and_missing_figures_are_skipped() -> None:
    found = differentiation(
        {"pitch_mean_hz": [[None, 100], [90, 100]], "speech_rate": [[4, 5], [6, 7.1]]}, 0.05
    )
    assert found.axes[0].variation is None
    assert found.axes[0].style_means == (None, 95.0)
    assert found.passed
    assert found.to_json()["axes"]["speech_rate"]["counts"] is True


def test_a_single_style_has_no_differentiation() -> None:
    assert differentiation(figures([[100, 120]]), 0.05).passed
