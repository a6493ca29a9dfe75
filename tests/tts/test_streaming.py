"""Streams: every format before the end of the synthesis, server-sent events, whole files."""

import asyncio
import base64
import io
import json
import wave
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from corpus.audio.encoding import FORMATS
from corpus.audio.io import decode
from corpus.audio.types import Audio
from tests.tts.harness import LONG, ToneStudent, ready, serving
from tests.tts.test_queue import Caller

pytestmark = pytest.mark.anyio
SPEECH = "/v1/audio/speech"


@pytest.mark.parametrize("name", list(FORMATS))
async def test_the_first_bytes_come_before_the_last_are_synthesized(
    tmp_path: Path, name: str
) -> None:
    student = ToneStudent()
    async with serving(tmp_path, student) as (_, service):
        await ready(service)
        student.pieces.clear()
        caller = Caller(service, {"input": LONG, "response_format": name}, reads=False)
        while not caller.sent:
            await asyncio.sleep(0.01)
        assert len(student.pieces) < 5
        caller.go_on()
        await caller.task
        assert len(student.pieces) > 10


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "opus"])
async def test_a_whole_file_has_the_samples_of_a_stream(tmp_path: Path, name: str) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        body = {"input": LONG[:500], "response_format": name}
        streamed = await client.post(SPEECH, json=body)
        whole = await client.post(SPEECH, json=body | {"stream": False})
        assert "Content-Length" not in streamed.headers
        assert int(whole.headers["Content-Length"]) == len(whole.content)
        assert np.array_equal(decode(streamed.content).y, decode(whole.content).y)
        seconds = float(whole.headers["X-Audio-Seconds"])
        assert decode(whole.content).duration_s == pytest.approx(seconds, abs=0.1)
        if name in ("wav", "flac"):
            said_s = soundfile.info(io.BytesIO(whole.content)).duration
            assert said_s == pytest.approx(seconds, abs=0.001)
        if name == "wav":
            with wave.open(io.BytesIO(streamed.content)) as file:
                assert len(file.readframes(2**30)) == 2 * round(24_000 * said_s)


async def _events(client: httpx.AsyncClient, **body: object) -> list[dict[str, object]]:
    answer = await client.post(SPEECH, json={"stream_format": "sse", **body})
    assert answer.headers["Content-Type"] == "text/event-stream"
    lines = [line for line in answer.text.split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines]


async def test_server_sent_events_have_the_bytes_of_the_stream(tmp_path: Path) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        body = {"input": LONG[:500], "response_format": "pcm", "model": "gpt-4o-mini-tts"}
        *deltas, done = await _events(client, **body)
        assert {one["type"] for one in deltas} == {"speech.audio.delta"}
        assert max(len(str(one["audio"])) for one in deltas) <= 32_000
        sound = b"".join(base64.b64decode(str(one["audio"])) for one in deltas)
        assert sound == (await client.post(SPEECH, json=body)).content
        assert done["type"] == "speech.audio.done"
        spoken = round(len(sound) / 48_000 * 20)
        assert done["usage"] == {
            "input_tokens": 500, "output_tokens": spoken, "total_tokens": 500 + spoken,
        }  # fmt: skip


async def test_an_error_amid_the_events_is_an_event(tmp_path: Path) -> None:
    class Breaks(ToneStudent):
        def synthesize(self, *arguments: Any, **options: Any) -> Audio:
            if len(self.pieces) == 4:
                self.broken = "/srv/models/kokoro-v1_0.pth is gone."
            return super().synthesize(*arguments, **options)

    student = Breaks()
    async with serving(tmp_path, student) as (client, service):
        await ready(service)
        student.pieces.clear()
        *deltas, last = await _events(client, input=LONG)
        assert deltas
        assert last["type"] == "error"
        assert last["error"] == {
            "message": "kokoro-v1_0.pth is gone.", "type": "server_error", "param": None,
            "code": "broken",
        }  # fmt: skip
        assert service.speaker.depth == 0


async def test_a_client_that_leaves_the_events_frees_its_slot(tmp_path: Path) -> None:
    async with serving(tmp_path, ToneStudent()) as (_, service):
        await ready(service)
        caller = Caller(service, {"input": LONG, "stream_format": "sse"}, reads=False)
        while not caller.sent:
            await asyncio.sleep(0.01)
        await caller.leave()
        assert service.speaker.depth == 0
