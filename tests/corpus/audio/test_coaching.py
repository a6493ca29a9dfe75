"""Coaching: the part that helps most comes first, in units a speaker can act on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.audio.checks import take_checks
from corpus.audio.coaching import hints, wanted_pitch_hz
from corpus.audio.drawings import contour_svg
from corpus.audio.profile import Baseline, Part, Quality, quality
from corpus.audio.prosody import Prosody, measure
from corpus.wording import advice
from tests.signals import Audio, speech

NEUTRAL = Baseline(
    pitch_hz=200.0, pitch_range_st=4.0, speech_rate=5.0, pause_ratio=0.0, loudness_lufs=-21.0
)
SLOW = {"rate_ratio": [0.88, 0.98]}


def evaluated(
    audio: Audio, profile: dict[str, Any], syllables: int = 12
) -> tuple[Quality, Prosody]:
    prosody = measure(audio, syllables=syllables)
    checks = take_checks(audio, syllables=syllables)
    return quality(prosody, checks, profile, NEUTRAL), prosody


def test_one_sentence_names_what_to_do_the_measure_and_the_band() -> None:
    found, prosody = evaluated(speech(12, rate=5.6), SLOW)
    [hint] = hints(found.parts, prosody)
    assert (hint.code, hint.low_side, hint.mild) == ("rate_ratio", False, False)
    assert hint.value == pytest.approx(5.6, abs=0.2)
    assert (hint.low, hint.high) == pytest.approx((4.4, 4.9), abs=0.01)
    words = advice(hint).replace(",", ".")
    assert f"{hint.value:.1f}" in words
    assert "4.4-4.9" in words


@pytest.mark.parametrize(
    ("profile", "sound", "value", "band"),
    [
        ({"pitch_st": [-5.0, -3.0]}, {"f0_hz": 200.0}, 200.0, (149.8, 168.2)),
        ({"range_ratio": [1.5, 2.0]}, {"range_st": 4.0}, 3.7, (6.0, 8.0)),
        ({"energy_db": [3.0, 6.0]}, {"level_db": -20.0}, None, (-18.0, -15.0)),
        ({"pause_ratio": [2.0, 4.0]}, {}, 0.0, (10.0, 30.0)),
    ],
)
def test_the_band_is_given_in_the_speakers_own_units(
    profile: dict[str, Any], sound: dict[str, Any], value: float | None, band: tuple[float, float]
) -> None:
    found, prosody = evaluated(speech(12, **sound), profile)
    hint = next(hint for hint in hints(found.parts, prosody) if hint.kind == "style")
    assert (hint.low, hint.high) == pytest.approx(band, rel=0.01)
    if value is not None:
        assert hint.value == pytest.approx(value, rel=0.1)


def test_technical_problems_come_before_the_style() -> None:
    loud_room = speech(12, rate=5.6, noise_db=-28.0)
    found, prosody = evaluated(loud_room, SLOW)
    first = hints(found.parts, prosody)[0]
    assert first.code == "noise"
    assert (first.low, first.high) == (20.0, None)


def test_a_take_within_every_band_gets_no_advice() -> None:
    found, prosody = evaluated(speech(12, rate=4.7), SLOW)
    assert hints(found.parts, prosody) == ()


def test_a_voice_without_pitch_range_has_no_ratio() -> None:
    part = Part("range_ratio", "style", 0.0, "×", (0.75, 1.25), 0.1)
    prosody = Prosody.from_json(
        measure(speech(12), syllables=12).to_json() | {"pitch_range_st": 0.0}
    )
    [hint] = hints([part], prosody)
    assert (hint.value, hint.low, hint.high) == (0.0, None, None)
    assert "0" in advice(hint)


@given(st.lists(st.floats(0, 1), min_size=8, max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_the_first_hint_raises_the_quality_most(
    technical: list[float], pitch: float, rate: float
) -> None:
    codes = ("clipping", "level", "noise", "cut_start", "cut_end", "silence", "duration", "length")
    parts = [
        Part(code, "technical", 1.0, "", (2.0, 3.0), score)
        for code, score in zip(codes, technical, strict=True)
    ]
    parts.append(Part("pitch_st", "style", -9.0, "st", (0.0, 1.0), pitch))
    parts.append(Part("rate_ratio", "style", 2.0, "×", (0.5, 1.0), rate))
    found = hints(parts, PROSODY)
    assert len(found) == sum(part.score < 1 for part in parts)
    assert [hint.gain for hint in found] == sorted((h.gain for h in found), reverse=True)


PROSODY = measure(speech(12), syllables=12)


def test_the_target_pitch_is_the_band_around_the_neutral_voice() -> None:
    found, prosody = evaluated(speech(12, f0_hz=230.0), {"pitch_st": [0.0, 12.0]})
    assert wanted_pitch_hz(found.parts, prosody) == pytest.approx((200, 400), rel=0.001)
    assert wanted_pitch_hz([], prosody) is None


def test_the_contour_lies_over_its_band() -> None:
    drawing = contour_svg(
        ((0.0, 200.0), (0.5, None), (1.0, 400.0)),
        duration_s=1.0,
        band_hz=(200.0, 400.0),
        median_hz=280.0,
        height=140,
        title="<pitch>",
    )
    assert "&lt;pitch&gt;" in drawing
    # an octave and a semitone of margin on both sides: 14 semitones, 10 px each
    assert '<rect class="contour-band" x="0" width="900" y="10.0" height="120.0"/>' in drawing
    assert 'd="M0.0,130.0M900.0,10.0"' in drawing


def test_a_contour_without_voice_draws_no_line() -> None:
    assert "contour-pitch" not in contour_svg(((0.0, None), (1.0, None)), duration_s=1.0)
