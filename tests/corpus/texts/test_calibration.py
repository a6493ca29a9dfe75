"""Score against verdicts: values computed by hand, and invariants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.calibration import Bin, Judged, bins, figure, line, lines, proposed

SIX = [
    Judged(0.1, False), Judged(0.4, False), Judged(0.45, True),
    Judged(0.6, False), Judged(0.8, True), Judged(1.0, True),
]  # fmt: skip
many = st.lists(st.builds(Judged, st.floats(0, 1), st.booleans()), max_size=60)


def test_takes_are_counted_by_score():
    assert bins(SIX) == [
        Bin(0.1, 0.2, 1, 0), Bin(0.4, 0.5, 2, 1), Bin(0.6, 0.7, 1, 0), Bin(0.8, 0.9, 1, 1),
        Bin(0.9, 1.0, 1, 1),
    ]  # fmt: skip


def test_a_threshold_is_measured_by_precision_and_recall():
    at = line(SIX, 0.45)
    assert (at.over, at.precision, at.recall) == (4, 0.75, 1.0)
    strict = line(SIX, 0.7)
    assert (strict.precision, strict.recall) == (1.0, pytest.approx(2 / 3))
    assert line(SIX, 1.01).precision is None


def test_the_proposal_balances_both():
    assert proposed(SIX) == pytest.approx(0.41)
    assert proposed([Judged(0.5, True)]) is None
    assert proposed([]) is None


def test_wilson_intervals_equal_the_published_values():
    low, high = Bin(0, 1, 10, 8).interval  # Wilson, 8 of 10 at 95 %
    assert (low, high) == (pytest.approx(0.490, abs=0.001), pytest.approx(0.943, abs=0.001))


@given(many)
def test_a_higher_threshold_never_selects_more(judged):
    found = lines(judged)
    assert [at.over for at in found] == sorted((at.over for at in found), reverse=True)
    assert sum(found.n for found in bins(judged)) == len(judged)


@given(many, st.none() | st.floats(0, 1))
def test_the_plot_is_drawn_for_any_data(judged, threshold):
    drawn = figure(judged, threshold, title="<b>")
    assert "&lt;b&gt;" in drawn
    assert ("calibration-threshold" in drawn) is (threshold is not None)
    assert drawn.count("calibration-interval") == len(bins(judged))
