import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.audio import checks, io, prosody
from corpus.audio.prosody import Prosody
from corpus.audio.types import Audio
from tests import signals


def test_a_take_of_known_prosody() -> None:
    take = signals.speech(20, f0_hz=200, range_st=6, rate=5, pauses=((8, 0.6),), lead_s=0.3)
    found = prosody.measure(take, syllables=20)
    assert found.duration_s == pytest.approx(5.2)
    assert found.pitch_mean_hz == pytest.approx(205, rel=0.05)
    assert found.pitch_range_st == pytest.approx(6, abs=0.4)
    assert found.speech_rate == pytest.approx(20 / 4.6, rel=0.02)
    assert found.articulation_rate == pytest.approx(5, rel=0.03)
    assert found.pause_count == 1
    assert found.pause_s == pytest.approx(0.6, abs=0.05)
    assert found.lead_s == pytest.approx(0.3, abs=0.03)


def test_pitch_shifts_are_measured_in_semitones() -> None:
    low, high = (prosody.measure(signals.speech(12, f0_hz=f)) for f in (150, 150 * 2 ** (3 / 12)))
    assert low.pitch_median_hz is not None
    assert high.pitch_median_hz is not None
    assert 12 * math.log2(high.pitch_median_hz / low.pitch_median_hz) == pytest.approx(3, abs=0.1)


def test_energy_does_not_depend_on_the_recording_level() -> None:
    take = signals.speech(20, noise_db=-120)
    quiet = Audio(take.y * np.float32(0.1), take.sr)
    a, b = prosody.measure(take), prosody.measure(quiet)
    assert b.loudness_lufs == pytest.approx(a.loudness_lufs - 20, abs=0.05)
    assert b.energy_std == pytest.approx(a.energy_std, rel=1e-3)
    assert b.energy_mean_db == pytest.approx(a.energy_mean_db, abs=0.05)


def test_energy_std_is_that_of_the_frames() -> None:
    assert prosody.measure(signals.tone(200, 3)).energy_std < 0.02
    steps = [signals.tone(500, 0.5, level_db=-20 + 6.02 * (n % 2)) for n in range(8)]
    found = prosody.measure(signals.join(*steps))
    assert found.energy_std == pytest.approx(0.25, abs=0.01)  # half the frames at 1, half at 0.5


def test_without_text_there_are_no_rates() -> None:
    found = prosody.measure(signals.speech(10))
    assert found.speech_rate is found.articulation_rate is None


def test_prosody_survives_json() -> None:
    found = prosody.measure(signals.speech(20, pauses=((5, 0.4),)), syllables=20)
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    again = Prosody.from_json({**data, "added_later": 1})
    assert again.to_json() == found.to_json()
    assert 60 <= len(again.contour) <= prosody.CONTOUR_POINTS
    assert any(f0 is None for _, f0 in again.contour)


SOUNDS = {
    "silence": signals.silence(0.3),
    "offset": Audio(np.full(9000, 0.5, np.float32), 16_000),
    "noise": signals.noise(0.5, level_db=-10),
    "shortest": signals.tone(90, 0.3, sr=8_000),
    "impulse": Audio(np.eye(1, 8000, 4000, dtype=np.float32)[0], 8_000),
    "square": Audio(np.sign(signals.tone(70, 1).y), signals.SR),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_unusual_audio_has_finite_measures(name: str) -> None:
    json.dumps(prosody.measure(SOUNDS[name], syllables=3).to_json(), allow_nan=False)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50),
    st.sampled_from([8_000, 16_000, 44_100]),
    st.integers(0, 30),
)
def test_any_sound_can_be_measured_and_checked(
    samples: list[float], sr: int, syllables: int
) -> None:
    audio = Audio(np.resize(np.array(samples, np.float32), sr // 2), sr)
    found = prosody.measure(audio, syllables=syllables)
    json.dumps(found.to_json(), allow_nan=False)
    for check in checks.take_checks(audio, syllables=syllables):
        json.dumps(check.to_json(), allow_nan=False)
    assert 0 <= found.pause_ratio < 1
    assert 0 <= found.voiced_ratio <= 1


def test_human_speech_is_measured_faster_than_real_time() -> None:
    audio = io.decode(signals.shared_data("speech/3005-163389-0001.flac"))
    prosody.measure(audio, syllables=20)
    start = time.perf_counter()
    found = prosody.measure(audio, syllables=20)
    assert time.perf_counter() - start < 0.2 * audio.duration_s
    assert 0.15 < found.energy_std < 0.4
    assert 3 < (found.pitch_range_st or 0) < 16
