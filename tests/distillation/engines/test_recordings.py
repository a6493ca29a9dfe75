"""Teacher recordings: takes by text, or one WAV cut at its pauses."""

import numpy as np
import pytest

from corpus.audio.io import read_wav, write_wav
from distillation.engines import EngineError, Prompt, teacher
from tests.signals import glide, join, noise, silence


@pytest.fixture
def reference(tmp_path):
    """Three phrases of 4.5 s, an octave apart, with pauses of half a second."""
    phrases = [glide(f0, 0.5, 4.5) for f0 in (90, 180, 360)]
    gap = silence(0.5)
    write_wav(tmp_path / "voz.wav", join(gap, phrases[0], gap, phrases[1], gap, phrases[2], gap))
    return Prompt(style="amable", audio=tmp_path / "voz.wav", transcript="…")


def strongest_hz(audio):
    return float(np.argmax(np.abs(np.fft.rfft(audio.y)))) * audio.sr / len(audio.y)


def test_a_take_is_returned_unchanged(tmp_path):
    write_wav(tmp_path / "a.wav", glide(120, 2, 1.5))
    prompt = Prompt(style="amable", takes={"Hola.": tmp_path / "a.wav"})
    audio = teacher("recordings").synthesize("Hola.", prompt, speed=0.9, seed=4)
    assert np.array_equal(audio.y, read_wav(tmp_path / "a.wav").y)


def test_the_error_of_a_missing_take_names_text_and_style(tmp_path):
    prompt = Prompt(style="amable", takes={"Hola.": tmp_path / "gone.wav"})
    with pytest.raises(EngineError, match=r"amable.*'Adiós\.'") as text:
        teacher("recordings").synthesize("Adiós.", prompt)
    with pytest.raises(EngineError, match=r"gone\.wav.*'Hola\.'.*amable") as file:
        teacher("recordings").synthesize("Hola.", prompt)
    assert text.value.code == file.value.code == "missing_take"


def test_a_take_without_audio_is_reported(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"hello" * 100)
    with pytest.raises(EngineError, match=r"a\.wav.*not a sound file") as caught:
        teacher("recordings").synthesize(
            "Hola.", Prompt(style="x", takes={"Hola.": tmp_path / "a.wav"})
        )
    assert caught.value.code == "bad_take"


def test_each_text_is_assigned_the_next_phrase_and_keeps_it(reference):
    engine = teacher("recordings")
    audio = {text: engine.synthesize(text, reference) for text in "abcd"}
    assert [round(audio[text].duration_s, 1) for text in "abcd"] == pytest.approx(
        [4.6] * 4, abs=0.11
    )
    assert np.array_equal(audio["a"].y, audio["d"].y)
    assert not np.array_equal(audio["a"].y, audio["b"].y)
    assert np.array_equal(engine.synthesize("b", reference).y, audio["b"].y)
    other = Prompt(style="neutral", audio=reference.audio)
    assert np.array_equal(engine.synthesize("b", other).y, audio["a"].y)


@pytest.mark.parametrize("speed", [0.5, 0.9, 1.05, 4.0])
def test_a_phrase_is_stretched_to_the_style_and_keeps_its_pitch(reference, speed):
    usual = teacher("recordings").synthesize("a", reference)
    audio = teacher("recordings").synthesize("a", reference, speed=speed)
    assert audio.duration_s == pytest.approx(usual.duration_s / speed, rel=0.03)
    assert strongest_hz(audio) == pytest.approx(strongest_hz(usual), rel=0.06)


def test_short_phrases_are_joined_and_long_ones_split(tmp_path):
    short = [part for _ in range(6) for part in (glide(120, 1, 1.2), silence(0.5))]
    write_wav(tmp_path / "short.wav", join(*short))
    write_wav(tmp_path / "long.wav", glide(120, 3, 20.0))
    for name, low, high in (("short.wav", 3.9, 8.2), ("long.wav", 6.0, 7.2)):
        engine = teacher("recordings")
        prompt = Prompt(style="x", audio=tmp_path / name)
        for text in "ab":
            assert low < engine.synthesize(text, prompt).duration_s < high


def test_a_changed_file_is_read_again(reference):
    before = teacher("recordings").synthesize("a", reference)
    write_wav(reference.audio, glide(300, 1, 3.0))
    assert not np.array_equal(teacher("recordings").synthesize("a", reference).y, before.y)


@pytest.mark.parametrize("what", ["nothing", "gone", "silent", "speed"])
def test_an_unusable_prompt_is_reported(tmp_path, reference, what):
    prompt, speed = Prompt(style="amable"), 1.0
    if what == "gone":
        prompt = Prompt(style="amable", audio=tmp_path / "gone.wav")
    elif what == "silent":
        write_wav(tmp_path / "quiet.wav", noise(2.0, level_db=-75))
        prompt = Prompt(style="amable", audio=tmp_path / "quiet.wav")
    elif what == "speed":
        prompt, speed = reference, 9.0
    with pytest.raises(EngineError) as caught:
        teacher("recordings").synthesize("a", prompt, speed=speed)
    codes = {
        "nothing": "no_prompt",
        "gone": "missing_take",
        "silent": "bad_take",
        "speed": "bad_speed",
    }
    assert caught.value.code == codes[what]
