import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from corpus.audio import checks, profile, prosody
from corpus.audio.profile import Baseline, quality
from tests import signals

PROFILE = {
    "pitch_st": [0.5, 4.0],
    "rate_ratio": [0.85, 1.0],
    "range_ratio": [1.05, 1.8],
    "pause_ratio": [0.7, 1.6],
    "energy_db": [-1.5, 3.0],
}


def judge(take: signals.Audio, bands: dict[str, list[float]], base: Baseline | None):
    found = prosody.measure(take, syllables=20)
    return quality(found, checks.take_checks(take, syllables=20), bands, base)


@pytest.fixture(scope="module")
def neutral() -> Baseline:
    takes = [signals.speech(20, f0_hz=f, rate=5, range_st=4) for f in (195, 200, 205)]
    base = Baseline.of([prosody.measure(take, syllables=20) for take in takes])
    assert base is not None
    return base


def test_a_take_in_every_band_scores_one(neutral: Baseline) -> None:
    found = judge(signals.speech(20, f0_hz=225, rate=4.6, range_st=5.5), PROFILE, neutral)
    assert found.score == found.technical == found.style == 1.0
    assert found.missing == ()
    assert [p.code for p in found.parts if p.kind == "style"] == list(PROFILE)


def test_the_neutral_voice_is_not_warm(neutral: Baseline) -> None:
    found = judge(signals.speech(20, f0_hz=200, rate=5, range_st=4), PROFILE, neutral)
    assert found.style is not None
    assert 0.7 < found.style < 1
    by_code = {p.code: p for p in found.parts}
    assert by_code["pitch_st"].value == pytest.approx(0, abs=0.1)
    assert by_code["pitch_st"].score < 1


def test_the_score_falls_with_the_distance_from_the_band(neutral: Baseline) -> None:
    scores = [
        judge(signals.speech(20, f0_hz=200 * 2 ** (st_ / 12)), {"pitch_st": [0.5, 4.0]}, neutral)
        for st_ in (2, -1.5, -4, -9)
    ]
    assert [s.style for s in scores] == sorted((s.style for s in scores), reverse=True)
    assert scores[1].style == pytest.approx(0.5, abs=0.06)  # the tolerance: 2 semitones under
    assert scores[3].style == pytest.approx(0, abs=0.01)


def test_a_technical_fault_lowers_the_score_of_a_perfect_style(neutral: Baseline) -> None:
    take = signals.speech(20, f0_hz=225, rate=4.6, range_st=5.5, lead_s=0.25)
    found = judge(signals.Audio(take.y[round(0.25 * take.sr) :], take.sr), PROFILE, neutral)
    assert found.style == 1.0
    assert found.technical == pytest.approx(0.5, abs=0.01)  # nothing before the speech
    assert found.score == pytest.approx(found.technical)


def test_without_the_neutral_voice_only_the_technical_part_counts() -> None:
    found = judge(signals.speech(20), PROFILE, None)
    assert (found.score, found.style, found.missing) == (1.0, None, tuple(PROFILE))


def test_unknown_measures_are_named(neutral: Baseline) -> None:
    partial = Baseline(pitch_hz=neutral.pitch_hz)
    found = judge(signals.speech(20, f0_hz=225), PROFILE, partial)
    assert found.missing == ("rate_ratio", "range_ratio", "pause_ratio", "energy_db")
    assert found.style == 1.0


def test_without_takes_there_is_no_baseline() -> None:
    assert Baseline.of([]) is None
    noise = prosody.measure(signals.noise(1))
    base = Baseline.of([noise])
    assert base is not None
    assert base.speech_rate is None


@pytest.mark.parametrize(
    ("bands", "named"), [({"pitch": [0, 1]}, "pitch"), ({"pitch_st": [2, 1]}, "pitch_st")]
)
def test_a_wrong_profile_is_named(bands: dict[str, list[float]], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        judge(signals.speech(20), bands, None)


def test_quality_is_json(neutral: Baseline) -> None:
    data = judge(signals.speech(20), PROFILE, neutral).to_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data


@given(st.floats(-50, 50), st.floats(0.01, 5), st.floats(-10, 10), st.floats(0, 10))
def test_the_falloff_is_one_inside_the_band_and_never_outside_zero_to_one(
    value: float, tolerance: float, low: float, width: float
) -> None:
    score = profile._falloff(value, (low, low + width), tolerance)
    assert 0 <= score <= 1
    if low <= value <= low + width:
        assert score == 1


def test_the_styles_of_the_corpus_are_valid_profiles(neutral: Baseline) -> None:
    styles = Path(__file__).parents[3] / "fixtures" / "corpus" / "styles.yaml"
    for style in yaml.safe_load(styles.read_text()):
        found = judge(signals.speech(20), style["profile"], neutral)
        assert 0 <= found.score <= 1, style["key"]
        assert found.missing == ()
