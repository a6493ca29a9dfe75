import numpy as np
import pytest

from corpus.audio import io, timing
from tests import signals

EDGE = 0.03  # s


def test_start_end_and_pauses_are_located() -> None:
    take = signals.speech(10, rate=5, pauses=((4, 0.5), (7, 0.8)), lead_s=0.4)
    found = timing.find(take)
    assert found.start_s == pytest.approx(0.4, abs=EDGE)
    assert found.trail_s == pytest.approx(0.4, abs=EDGE)
    np.testing.assert_allclose(found.pauses, [(1.2, 1.7), (2.3, 3.1)], atol=EDGE)
    assert found.speech_s == pytest.approx(3.3, abs=2 * EDGE)
    assert found.phonation_s == pytest.approx(2.0, abs=6 * EDGE)
    assert found.pause_ratio == pytest.approx(1.3 / 3.3, abs=0.03)


@pytest.mark.parametrize("rate", [3.0, 5.0, 7.0])
def test_rates_with_and_without_pauses(rate: float) -> None:
    found = timing.find(signals.speech(20, rate=rate, pauses=((10, 1.0),)))
    assert found.speech_rate(20) == pytest.approx(20 / (20 / rate + 1), rel=0.02)
    assert found.articulation_rate(20) == pytest.approx(rate, rel=0.03)


@pytest.mark.parametrize(("gap_s", "pauses"), [(0.2, 0), (0.25, 0), (0.35, 1), (0.6, 1)])
def test_a_pause_lasts_at_least_300_ms(gap_s: float, pauses: int) -> None:
    assert len(timing.find(signals.speech(8, pauses=((4, gap_s),))).pauses) == pauses


def test_a_click_is_not_speech() -> None:
    take = signals.speech(8, lead_s=1.0)
    take.y[: signals.SR // 50] += signals.noise(0.02, level_db=-12).y
    assert timing.find(take).start_s == pytest.approx(1.0, abs=EDGE)


@pytest.mark.parametrize("noise_db", [-90.0, -60.0, -45.0, -40.0])
def test_pauses_are_found_in_a_noisy_room(noise_db: float) -> None:
    found = timing.find(signals.speech(10, pauses=((5, 0.6),), noise_db=noise_db, lead_s=0.5))
    assert len(found.pauses) == 1
    assert found.start_s == pytest.approx(0.5, abs=2 * EDGE)


def test_silence_has_no_rate() -> None:
    found = timing.find(signals.silence(2))
    assert found.sounding == ()
    assert (found.start_s, found.trail_s, found.speech_s, found.pause_ratio) == (2, 2, 0, 0)
    assert found.speech_rate(5) is found.articulation_rate(5) is None


def test_human_speech_has_pauses_and_a_plausible_rate() -> None:
    path = signals.shared_data("speech/2414-128291-0001.flac")
    found = timing.find(io.decode(path))
    assert 0.3 < found.start_s < 0.6
    assert len(found.pauses) == 2
    assert all(0.3 <= end - start < 1.2 for start, end in found.pauses)
