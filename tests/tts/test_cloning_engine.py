"""Prompts sent with requests: kept as long as a request may wait, errors name the field."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.audio.io import encode_wav
from tests.signals import tone
from voicelab.tts import cloning_engine
from voicelab.tts.cloning_engine import PromptVoices
from voicelab.tts.errors import ApiError


class NoTeacher:
    sr = 24_000

    def __init__(self, **_options: object) -> None:
        self.device = "cpu"


@pytest.fixture
def voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PromptVoices]:
    monkeypatch.setattr(cloning_engine, "F5Teacher", NoTeacher)
    made = PromptVoices(model_dir=tmp_path)
    yield made
    made._sent.cleanup()


def sound(hz: float) -> str:
    return base64.b64encode(encode_wav(tone(hz, 0.5))).decode()


@pytest.mark.parametrize("sent", ["ñandú", "no base64!", "AAAA"])
def test_a_prompt_without_audio_is_refused(voices: PromptVoices, sent: str) -> None:
    with pytest.raises(ApiError) as caught:
        voices.sent(sent, "Hola.")
    assert (caught.value.status, caught.value.param) == (400, "reference_audio")


def test_a_prompt_sent_again_counts_as_new(
    voices: PromptVoices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloning_engine, "KEPT", 2)
    old, other = voices.sent(sound(200), "Uno."), voices.sent(sound(300), "Dos.")
    again = voices.sent(sound(200), "Uno.")
    voices.sent(sound(400), "Tres.")
    assert again.audio == old.audio
    assert [bool(one.audio and one.audio.exists()) for one in (again, other)] == [True, False]
