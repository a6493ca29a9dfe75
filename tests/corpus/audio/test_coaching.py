"""Coaching: the cause alone is named, in units a speaker can act on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.audio.checks import take_checks
from corpus.audio.coaching import CAUSES, hints, wanted_pitch_hz
from corpus.audio.drawings import contour_svg
from corpus.audio.profile import (
    STYLE_PARTS,
    TECHNICAL_TOLERANCE,
    Baseline,
    Part,
    Quality,
    quality,
)
from corpus.audio.prosody import Prosody, measure
from corpus.wording import advice
from tests.signals import Audio, mix, noise, speech

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


def loud(audio: Audio, gain: float) -> Audio:
    """Drive the microphone: amplify and cut at full scale."""
    return Audio(np.clip(gain * audio.y, -1.0, 1.0).astype(np.float32), audio.sr)


def quiet(audio: Audio, peak_db: float) -> Audio:
    """Scale speech to a peak, in a room whose noise stays."""
    scaled = audio.y * 10 ** (peak_db / 20) / np.abs(audio.y).max()
    return mix(Audio(scaled.astype(np.float32), audio.sr), noise(20, level_db=-70.0))


def cut(audio: Audio, start_s: float = 0.0, end_s: float = 0.0) -> Audio:
    first, last = round(start_s * audio.sr), len(audio.y) - round(end_s * audio.sr)
    return Audio(audio.y[first:last], audio.sr)


VOICE = speech(12, rate=5.6)
HUM = speech(12, rate=5.6, noise_db=-28.0)
TOO_HIGH = {"clipping", "silence"}  # the others are too low
TOO_MUCH = {"pitch_st": [-5.0, -3.0], "rate_ratio": [0.7, 0.8], "energy_db": [6.0, 9.0]}
SAID = {  # what was done wrong, the only advice, its beginning
    "peak at -54 dBFS": (quiet(VOICE, -54.0), [("level", True)]),
    "clipped": (loud(VOICE, 12.0), [("clipping", False)]),
    "clipped in a loud room": (loud(HUM, 12.0), [("clipping", False)]),
    "a loud room": (HUM, [("noise", True)]),
    "a loud room, cut at both ends": (cut(HUM, 0.3, 0.3), [("noise", True)]),
    "noise alone, nearly": (speech(12, noise_db=-15.0), [("noise", True)]),
    "cut at the start": (cut(VOICE, 0.21), [("cut_start", True)]),
    "cut at the end": (cut(VOICE, 0.0, 0.21), [("cut_end", True)]),
    "one word": (speech(3, rate=5.0), [("duration", True)]),
    "half of the text": (speech(12, rate=5.0), [("length", False)]),
    "a long silence": (speech(12, rate=5.6, lead_s=3.0), [("silence", False)]),
    "the style alone": (VOICE, [("rate_ratio", False), ("pitch_st", False)]),
}


@pytest.mark.parametrize("case", SAID)
def test_the_cause_alone_is_named(case: str) -> None:
    audio, expected = SAID[case]
    syllables = 24 if case == "half of the text" else 12
    found, prosody = evaluated(audio, TOO_MUCH, syllables)
    said = hints(found.parts, prosody)
    assert [(hint.code, hint.low_side) for hint in said] == expected
    assert len({advice(hint) for hint in said}) == len(said)


@given(
    st.lists(st.sampled_from([0.2, 0.9, 1.0]), min_size=8, max_size=8),
    st.lists(st.tuples(st.sampled_from([0.1, 0.8, 1.0]), st.booleans()), min_size=5, max_size=5),
)
def test_advice_names_one_cause_and_never_contradicts_itself(
    technical: list[float], style: list[tuple[float, bool]]
) -> None:
    parts = [
        Part(code, "technical", 3.0 if code in TOO_HIGH else 1.0, "", (2.0, 2.5), score)
        for code, score in zip(TECHNICAL_TOLERANCE, technical, strict=True)
    ]
    for code, (score, low) in zip(STYLE_PARTS, style, strict=True):
        parts.append(Part(code, "style", 1.0 if low else 4.0, "", (2.0, 3.0), score))
    found = hints(parts, PROSODY)
    codes = {hint.code for hint in found}
    assert len(found) <= 2
    assert bool(found) == any(part.score < 1 for part in parts)
    assert not {"rate_ratio", "pause_ratio"} <= codes
    if any(score < 1 for score in technical):
        assert any({(hint.code, hint.low_side) for hint in found} <= cause for cause in CAUSES)
    else:
        assert codes <= set(STYLE_PARTS)


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
