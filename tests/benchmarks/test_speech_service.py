"""What a player hears of an answer that comes in parts."""

import pytest

from benchmarks.speech_service import RATE, played


def test_parts_that_come_in_time_play_without_a_gap() -> None:
    found = played([(0.3, RATE), (1.2, RATE), (1.3, RATE)], 1.4)
    assert (found.first_s, found.underruns, found.waited_s) == (0.3, 0, 0.0)
    assert found.audio_s == pytest.approx(3.0)


def test_a_late_part_is_an_underrun_by_as_much_as_it_is_late() -> None:
    found = played([(0.5, RATE), (2.0, RATE), (2.1, RATE)], 2.2)
    assert found.underruns == 1
    assert found.waited_s == pytest.approx(0.5)


def test_after_a_wait_the_player_goes_on_from_there() -> None:
    found = played([(0.0, RATE), (1.5, RATE), (2.6, RATE)], 2.6)
    assert found.underruns == 2
    assert found.waited_s == pytest.approx(0.6)
