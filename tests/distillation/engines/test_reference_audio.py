"""A prompt prepared for a cloning teacher: length, pauses, transcript, level, trailing silence."""

import numpy as np
import pytest

from corpus.audio import timing
from corpus.audio.io import write_wav
from corpus.audio.loudness import integrated_lufs
from distillation.engines import EngineError, Prompt
from distillation.engines.reference_audio import LONGEST_S, SR, TAIL_S, join, prepare
from tests.signals import silence, speech


def prompt(path, audio, text="Buenos días, gracias por llamar."):
    write_wav(path, audio)
    return Prompt(style="neutral", audio=path, transcript=text)


def test_a_short_prompt_keeps_its_transcript_and_gets_trailing_silence(tmp_path):
    audio = speech(20, lead_s=1.5, level_db=-35.0, sr=16_000)
    made = prepare(prompt(tmp_path / "a.wav", audio, "Buenos  días,\n gracias por llamar."))
    assert made.text == "Buenos días, gracias por llamar."
    assert made.audio.sr == SR
    assert made.speech_s == pytest.approx(4.1, abs=0.1)
    assert made.audio.duration_s == pytest.approx(made.speech_s + TAIL_S, abs=0.001)
    assert not made.audio.y[-round(TAIL_S * SR) :].any()
    assert integrated_lufs(made.audio) == pytest.approx(-23.0, abs=0.6)


def test_a_long_prompt_is_cut_at_a_pause_that_ends_a_clause(tmp_path):
    audio = speech(80, pauses=((20, 0.6), (40, 0.6), (60, 0.6)))
    quarter = "Le atiende Lucía Núñez, ¿en qué puedo ayudarle?"
    text = f"{quarter} {quarter} {quarter} {quarter}"
    made = prepare(prompt(tmp_path / "a.wav", audio, text))
    assert made.text == f"{quarter} {quarter}"
    assert made.speech_s == pytest.approx(8.6, abs=0.2)
    assert made.audio.duration_s <= LONGEST_S
    assert timing.find(made.audio).trail_s == pytest.approx(TAIL_S, abs=0.1)


@pytest.mark.parametrize(
    ("audio", "text", "code"),
    [
        (speech(70), "Sin pausa alguna, pero largo. " * 5, "prompt_too_long"),
        (speech(70, pauses=((20, 0.6),)), "una sola frase sin comas " * 6, "prompt_too_long"),
        (speech(30), "Gracias.", "prompt_pace"),
        (speech(10), "Con mucho gusto le ayudo con su factura de este mes, " * 2, "prompt_pace"),
        (speech(3), "Sí.", "prompt_too_short"),
        (speech(20), "  ", "no_transcript"),
    ],
)
def test_unusable_prompts_are_reported(tmp_path, audio, text, code):
    with pytest.raises(EngineError) as caught:
        prepare(prompt(tmp_path / "a.wav", audio, text))
    assert caught.value.code == code


def test_a_missing_file_and_a_file_without_audio_are_reported(tmp_path):
    with pytest.raises(EngineError, match="reference audio") as caught:
        prepare(Prompt(style="neutral", transcript="Hola."))
    assert caught.value.code == "no_prompt"
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(EngineError, match=r"a\.wav") as caught:
        prepare(Prompt(style="neutral", audio=tmp_path / "a.wav", transcript="Hola."))
    assert caught.value.code == "bad_take"


def test_takes_are_joined_at_one_level(tmp_path):
    write_wav(tmp_path / "1.wav", speech(20, level_db=-30.0))
    write_wav(tmp_path / "2.wav", speech(15, level_db=-14.0, sr=16_000))
    audio, text = join(
        [
            ("Buenos días, señora Núñez", tmp_path / "1.wav"),
            ("¿En qué le ayudo?", tmp_path / "2.wav"),
        ]
    )
    assert text == "Buenos días, señora Núñez. ¿En qué le ayudo?"
    found = timing.find(audio)
    assert len(found.sounding) == 2
    assert audio.duration_s == pytest.approx(7.5, abs=0.3)
    first, second = (
        np.sqrt(np.mean(audio.y[round(a * SR) : round(b * SR)] ** 2)) for a, b in found.sounding
    )
    assert first == pytest.approx(second, rel=0.15)


def test_each_take_of_a_joined_prompt_must_fit_its_words(tmp_path):
    write_wav(tmp_path / "1.wav", speech(20))
    with pytest.raises(EngineError, match="syllables a second") as caught:
        join([("Buenos días, señora Núñez", tmp_path / "1.wav"), ("Sí.", tmp_path / "1.wav")])
    assert caught.value.code == "prompt_pace"


def test_a_silent_prompt_is_refused(tmp_path):
    with pytest.raises(EngineError):
        prepare(prompt(tmp_path / "a.wav", silence(3.0)))
