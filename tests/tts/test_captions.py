"""Captioned speech and phonemes over HTTP, with a student that speaks tones."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.audio.types import Audio
from distillation.engines.base import EngineError, SpokenWord
from distillation.voicepack import VoicePack
from tests.signals import tone
from tests.tts.harness import ToneStudent, ready, serving
from voicelab.tts.speaker import PAUSE_S

pytestmark = pytest.mark.anyio
TEXT = "Hola, buenos días. Su pedido sale mañana por la mañana hacia su casa."
CAPTIONED, PHONEMIZE, GENERATE = (
    "/dev/captioned_speech", "/dev/phonemize", "/dev/generate_from_phonemes"
)  # fmt: skip


class Talker(ToneStudent):
    """Speaks each word, and each phoneme, in half a second, half of it silent."""

    def captioned(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Iterator[tuple[Audio, list[SpokenWord]]]:
        for index, word in enumerate(text.split()):
            self._break_if_told(word)
            yield self._sound(), [SpokenWord(word, 0.5 * index, 0.5 * index + 0.25)]

    def phonemes(self, text: str) -> str:
        if text == "…":
            raise EngineError("empty_text", "There is nothing to say.")
        return text.upper()

    def tokens(self, phonemes: str) -> list[int]:
        return [ord(sign) for sign in phonemes]

    def check_phonemes(self, phonemes: str) -> None:
        if "x" in phonemes:
            raise EngineError("bad_phonemes", "no symbol 'x'.")

    def speak_phonemes(
        self, phonemes: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Iterator[Audio]:
        return (self._sound() for _ in phonemes)

    def _sound(self) -> Audio:
        y = tone(200.0, 0.5, sr=24_000).y.copy()
        y[len(y) // 2 :] = 0.0
        return Audio(y, 24_000)

    def _break_if_told(self, word: str) -> None:
        if word == self.broken:
            raise EngineError("broken", "out of memory")


async def test_each_line_has_sound_and_the_words_in_it(tmp_path: Path) -> None:
    async with serving(tmp_path, Talker()) as (client, service):
        await ready(service)
        answer = await client.post(CAPTIONED, json={"input": TEXT, "response_format": "pcm"})
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Voice"] == "low"
        lines = [json.loads(line) for line in answer.text.splitlines()]
        words = [word for line in lines for word in line["timestamps"]]
        assert " ".join(word["word"] for word in words) == TEXT
        assert {line["audio_format"] for line in lines} == {"audio/pcm"}
        pcm = np.frombuffer(b"".join(base64.b64decode(line["audio"]) for line in lines), "<i2")
        for word in words:  # each lies where its tone is, behind the pauses between pieces too
            start, end = (round(word[key] * 24_000) for key in ("start_time", "end_time"))
            assert np.abs(pcm[start + 400 : end - 400]).max() > 1000
            assert np.abs(pcm[end + 400 : end + 4000]).max() < 100
        assert words[3]["start_time"] == pytest.approx(1.5 + PAUSE_S)
        one = await client.post(
            CAPTIONED, json={"input": TEXT, "response_format": "pcm", "stream": False}
        )
        assert one.json()["timestamps"] == words
        assert base64.b64decode(one.json()["audio"]) == pcm.tobytes()


async def test_captions_can_be_left_out(tmp_path: Path) -> None:
    async with serving(tmp_path, Talker()) as (client, service):
        await ready(service)
        body = {"input": TEXT, "return_timestamps": False, "stream": False}
        assert (await client.post(CAPTIONED, json=body)).json()["timestamps"] is None


async def test_a_failure_behind_the_first_line_is_a_line(tmp_path: Path) -> None:
    student = Talker()
    async with serving(tmp_path, student) as (client, service):
        await ready(service)
        student.broken = "mañana"
        answer = await client.post(CAPTIONED, json={"input": TEXT, "response_format": "pcm"})
        *lines, last = map(json.loads, answer.text.splitlines())
        assert [line["timestamps"][0]["word"] for line in lines] == TEXT.split()[:6]
        assert last["error"]["message"] == "out of memory"
        assert service.speaker.depth == 0


async def test_phonemes_of_a_text_are_spoken_again(tmp_path: Path) -> None:
    async with serving(tmp_path, Talker()) as (client, service):
        await ready(service)
        found = (await client.post(PHONEMIZE, json={"text": "hola", "language": "es"})).json()
        assert found == {"phonemes": "HOLA", "tokens": [72, 79, 76, 65]}
        spoken = await client.post(GENERATE, json={"phonemes": "HOLA", "voice": "high"})
        assert (spoken.headers["Content-Type"], spoken.headers["X-Voice"]) == ("audio/wav", "high")
        assert len(spoken.content) == 44 + 2 * 4 * 12_000


@pytest.mark.parametrize(
    ("path", "body", "param", "code"),
    [
        (GENERATE, {"phonemes": "hoxa"}, "phonemes", "bad_phonemes"),
        (GENERATE, {"phonemes": " "}, "phonemes", "invalid_request"),
        (GENERATE, {"phonemes": "hola", "voice": "nadie"}, "voice", "voice_not_found"),
        (PHONEMIZE, {"text": "…"}, "text", "empty_text"),
        (PHONEMIZE, {"text": "a" * 5000}, "text", "string_above_max_length"),
        (PHONEMIZE, {"text": "hola", "language": "xx"}, "language", "bad_option"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(
    tmp_path: Path, path: str, body: dict[str, Any], param: str, code: str
) -> None:
    async with serving(tmp_path, Talker()) as (client, service):
        await ready(service)
        answer = await client.post(path, json=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"], error["code"]) == (400, param, code)


async def test_an_engine_without_durations_or_phonemes_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path, ToneStudent()) as (client, service):
        await ready(service)
        for path, body in (
            (CAPTIONED, {"input": "Hola."}), (PHONEMIZE, {"text": "Hola."}),
            (GENERATE, {"phonemes": "ola"}),
        ):  # fmt: skip
            answer = await client.post(path, json=body)
            assert answer.status_code == 400
            assert answer.json()["error"]["code"] == "not_supported"
            assert "TTS_BACKEND=kokoro" in answer.json()["error"]["message"]
