"""The fit of evolved styles to their profiles, on prosody with known answers."""

from dataclasses import replace
from typing import Any

import pytest

from corpus.audio.prosody import Prosody
from distillation.stages.run_report import profile_fit

PROFILE = {"pitch_st": (1.0, 4.0), "rate_ratio": (0.8, 0.95), "energy_db": (-6.0, -1.0)}
PLAIN = Prosody(
    duration_s=3.0,
    loudness_lufs=-20.0,
    pitch_mean_hz=200.0,
    pitch_median_hz=200.0,
    pitch_range_st=6.0,
    voiced_ratio=0.6,
    energy_mean_db=-20.0,
    energy_std=0.1,
    speech_rate=5.0,
    articulation_rate=5.5,
    pause_count=1,
    pause_s=0.2,
    pause_ratio=0.1,
    lead_s=0.1,
    trail_s=0.1,
)


def report(*sentences: Prosody) -> dict[str, Any]:
    return {"evolved": {"prosody": [one.to_json() for one in sentences]}}


def parts(*sentences: Prosody) -> dict[str, dict[str, Any]]:
    styles = {"neutral": report(PLAIN, PLAIN), "amable": report(*sentences)}
    return {part["code"]: part for part in profile_fit(styles, {"amable": PROFILE})["amable"]}


def test_an_octave_up_is_twelve_semitones_and_outside_its_band() -> None:
    high = replace(PLAIN, pitch_median_hz=400.0)
    found = parts(high, high)
    assert found["pitch_st"]["value"] == pytest.approx(12.0)
    assert tuple(found["pitch_st"]["limit"]) == (1.0, 4.0)
    assert found["pitch_st"]["score"] < 0.01
    assert found["rate_ratio"]["value"] == pytest.approx(1.0)


def test_the_mean_over_sentences_is_compared_with_the_band() -> None:
    found = parts(replace(PLAIN, speech_rate=4.0, loudness_lufs=-25.0), PLAIN)
    assert found["rate_ratio"]["value"] == pytest.approx(0.9)
    assert found["rate_ratio"]["score"] == 1.0
    assert found["energy_db"]["value"] == pytest.approx(-2.5)


def test_without_a_neutral_voice_or_a_profile_nothing_is_compared() -> None:
    assert profile_fit({"amable": report(PLAIN)}, {"amable": PROFILE}) == {}
    both = {"neutral": report(PLAIN), "amable": report(PLAIN)}
    assert profile_fit(both, {"neutral": PROFILE}) == {}
