"""Curves as numbers: round ticks around the data, stairs that hold the best so far."""

from hypothesis import given
from hypothesis import strategies as st

from distillation.models import ScorePoint, StyleRun
from distillation.views.charts import PARTS, curves, nice_ticks


@given(st.floats(-1e4, 1e4), st.floats(0, 1e4), st.integers(1, 8))
def test_ticks_enclose_the_data_in_equal_steps(low: float, span: float, count: int) -> None:
    high = low + span
    ticks = nice_ticks(low, high, count)
    step = ticks[1] - ticks[0]
    assert 2 <= len(ticks) <= count + 3
    assert ticks[0] <= low + 1e-6 * step
    assert ticks[-1] >= high - 1e-6 * step


def test_the_best_holds_until_the_next_and_until_now() -> None:
    style_run = StyleRun(pk=1, style="neutral", steps=100, step=80)
    points = [
        ScorePoint(style_run=style_run, step=step, **dict.fromkeys(PARTS, score))
        for step, score in ((0, 50.0), (40, 60.0))
    ]
    score, *_ = curves([style_run], points)
    assert score.lines[0].points == "0.00,100.00 40.00,100.00 40.00,0.00 80.00,0.00"
    assert score.lines[0].end_x == "80.00%"


def test_without_points_there_is_nothing_to_draw() -> None:
    assert curves([StyleRun(pk=1, style="neutral", steps=100)], []) == []
