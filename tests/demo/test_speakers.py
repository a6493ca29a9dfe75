"""The demo's natural speaker: each style has prosody settings of its own, in a human voice."""

import numpy as np
import pytest

from corpus.audio.prosody import measure
from corpus.phonetics import syllables
from voicelab.demo.run import SEARCHES
from voicelab.demo.speakers import MANNERS, STOCK_VOICE, NaturalSpeaker

TEXT = "Su pedido llega mañana por la tarde."
pytestmark = [pytest.mark.weights, pytest.mark.xdist_group("weights")]


@pytest.fixture(scope="module")
def speaker(real_kokoro_model):
    return NaturalSpeaker(real_kokoro_model)


@pytest.fixture(scope="module")
def speech_of(speaker):
    return {style: speaker.speak(TEXT, style, seed=20) for style in MANNERS}


def test_styles_differ_as_their_prosody_settings_define(speech_of):
    found = {style: measure(audio, syllables=syllables(TEXT)) for style, audio in speech_of.items()}
    neutral = found["neutral"]
    for style, manner in MANNERS.items():
        pitch_st = 12 * np.log2(found[style].pitch_median_hz / neutral.pitch_median_hz)
        assert pitch_st == pytest.approx(manner.pitch_st, abs=0.8)
        rate = found[style].articulation_rate / neutral.articulation_rate
        assert rate == pytest.approx(manner.speed, abs=0.06)


def test_takes_have_the_noise_of_a_quiet_room(speech_of):
    for audio in speech_of.values():
        assert 0.25 < np.abs(audio.y).max() < 0.9
        assert np.abs(audio.y[: audio.sr // 5]).max() < 0.01


def test_a_second_demo_gives_the_same_audio(speaker, speech_of):
    assert np.array_equal(speaker.speak(TEXT, "amable", seed=20).y, speech_of["amable"].y)


def test_several_processes_give_the_same_audio_in_order(speaker, speech_of):
    lines = [(TEXT, style) for style in ("empatico", "amable")]
    for audio, (_, style) in zip(speaker.speak_all(lines, seed=20), lines, strict=True):
        assert np.array_equal(audio.y, speech_of[style].y)


def test_the_speakers_voice_is_not_a_base_voice_of_the_search():
    assert STOCK_VOICE not in SEARCHES["kokoro"].base_voices
