"""Curves as numbers: round ticks around the data, steps of the best score so far."""

from hypothesis import given
from hypothesis import strategies as st

from distillation.models import ScorePoint, StyleRun
from distillation.views.charts import PARTS, compared, curves, nice_ticks


@given(st.floats(-1e4, 1e4), st.floats(0, 1e4), st.integers(1, 8))
def test_ticks_enclose_the_data_in_equal_steps(low: float, span: float, count: int) -> None:
    high = low + span
    ticks = nice_ticks(low, high, count)
    step = ticks[1] - ticks[0]
    assert 2 <= len(ticks) <= count + 3
    assert ticks[0] <= low + 1e-6 * step
    assert ticks[-1] >= high - 1e-6 * step


def test_the_best_score_extends_to_the_next_point_and_to_the_current_step() -> None:
    style_run = StyleRun(pk=1, style="neutral", steps=100, step=80)
    points = [
        ScorePoint(style_run=style_run, step=step, **dict.fromkeys(PARTS, score))
        for step, score in ((0, 50.0), (40, 60.0))
    ]
    score, *_ = curves([style_run], points)
    assert score.lines[0].points == "0.00,100.00 40.00,100.00 40.00,0.00 80.00,0.00"
    assert score.lines[0].end_x == "80.00%"
    assert (score.lines[0].at, score.lines[0].values) == ("0.0000 0.4000", "50.0000 60.0000")
    assert (score.x_name, score.x_end, score.places) == ("steps", 100, 100)


def test_without_points_there_is_nothing_to_draw() -> None:
    assert curves([StyleRun(pk=1, style="neutral", steps=100)], []) == []


def test_the_curve_of_a_search_that_ended_early_fills_the_chart() -> None:
    style_run = StyleRun(pk=1, style="neutral", steps=1000, step=50, stopped="patience")
    points = [ScorePoint(style_run=style_run, step=25, **dict.fromkeys(PARTS, 50.0))]
    assert curves([style_run], points)[0].lines[0].end_x == "100.00%"
    assert curves([style_run], points)[0].x_ticks == [0, 25, 50]


def test_runs_share_one_chart_over_evaluations_and_one_over_minutes() -> None:
    fast = StyleRun(pk=1, style="neutral", step=90, evaluations=100, seconds=60.0)
    slow = StyleRun(pk=2, style="neutral", step=40, evaluations=50, seconds=120.0)
    points = [
        ScorePoint(style_run=row, step=step, seconds=seconds, **dict.fromkeys(PARTS, score))
        for row, step, seconds, score in (
            (fast, 0, 6.0, 50.0), (fast, 40, 30.0, 60.0), (slow, 0, 24.0, 50.0),
        )
    ]  # fmt: skip
    evaluations, minutes = compared([("1", fast), ("2", slow)], points)
    assert (evaluations.name, minutes.name) == ("evaluations", "minutes")
    assert [line.end_x for line in evaluations.lines] == ["100.00%", "50.00%"]
    assert [line.end_x for line in minutes.lines] == ["50.00%", "100.00%"]
    assert evaluations.lines[0].points.startswith("10.00,")  # the start cost ten
    assert evaluations.lines[1].points.startswith("10.00,")
    assert minutes.lines[1].points.startswith("20.00,")
    assert compared([("1", StyleRun(pk=3, style="neutral"))], points) == []
