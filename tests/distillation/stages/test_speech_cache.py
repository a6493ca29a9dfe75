"""What a student has just said is not said again, and anything else is."""

from dataclasses import replace
from typing import Any

import pytest

from corpus.audio.types import Audio
from distillation.engines.praat.student import PraatStudent
from distillation.stages import speech_cache
from distillation.stages.speech_cache import cached_speech, keep_speech
from distillation.voicepack import VoicePack
from tests.distillation.voices import SHORT


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts the engine itself is asked for, in order."""
    made, speak = list[str](), PraatStudent.synthesize

    def counted(engine: PraatStudent, text: str, *arguments: Any, **options: Any) -> Audio:
        made.append(text)
        return speak(engine, text, *arguments, **options)

    monkeypatch.setattr(PraatStudent, "synthesize", counted)
    return made


def test_equal_arguments_are_spoken_once(calls: list[str]) -> None:
    engine = PraatStudent()
    first, other = (engine.stock_voice(name) for name in engine.stock_voices()[:2])
    again = VoicePack(first.data.copy(), engine.name)
    audio = cached_speech(engine, SHORT, first, seed=1)
    assert cached_speech(engine, SHORT, again, seed=1) is audio
    assert calls == [SHORT]
    for voice, text, seed in ((other, SHORT, 1), (first, "Sí.", 1), (first, SHORT, 2)):
        cached_speech(engine, text, voice, seed=seed)
    cached_speech(engine, SHORT, replace(first, pitch_range=1.2), seed=1)
    assert cached_speech(engine, SHORT, first, speed=1.5, seed=1).duration_s < audio.duration_s
    assert len(calls) == 6
    cached_speech(PraatStudent(), SHORT, first, seed=1)
    assert len(calls) == 7


def test_what_another_worker_spoke_is_not_said_again(calls: list[str]) -> None:
    engine, other = PraatStudent(), PraatStudent()
    pack = engine.stock_voice(engine.stock_voices()[0])
    audio = cached_speech(other, SHORT, pack, seed=1)
    keep_speech(engine, SHORT, pack, audio, seed=1)
    assert cached_speech(engine, SHORT, pack, seed=1) is audio
    assert calls == [SHORT]


def test_the_oldest_is_forgotten(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_cache, "KEPT", 2)
    engine = PraatStudent()
    pack = engine.stock_voice(engine.stock_voices()[0])
    for text in ("Uno.", "Dos.", "Uno.", "Tres.", "Uno.", "Dos."):
        cached_speech(engine, text, pack)
    assert calls == ["Uno.", "Dos.", "Tres.", "Dos."]
