"""The queue: bounded, fair, and freed at once when a client leaves."""

import asyncio
import json
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler

from corpus.audio.types import Audio
from tests.tts.harness import LONG, ToneStudent, deploy, pack, ready, serving, until
from voicelab.tts.application import Application
from voicelab.tts.service import Service

pytestmark = pytest.mark.anyio
SHORT = {"input": "Hola, buenos días."}


class Caller:
    """An ASGI client that can disconnect during a request."""

    def __init__(self, service: Service, body: dict[str, Any], *, reads: bool = True) -> None:
        self.sent: list[MutableMapping[str, Any]] = []
        self._left = asyncio.Event()
        self._reading = asyncio.Event()
        if reads:
            self._reading.set()
        self._body = json.dumps(body).encode()
        self._asked = False
        app = Application(ASGIHandler(), service, max_body=64 * 1024)
        scope = {
            "type": "http", "method": "POST", "path": "/v1/audio/speech", "query_string": b"",
            "headers": [(b"host", b"127.0.0.1")], "server": ("127.0.0.1", 80),
        }  # fmt: skip
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._body}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)
        await self._reading.wait()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    def go_on(self) -> None:
        """Read everything from now on."""
        self._reading.set()

    async def leave(self) -> None:
        self._left.set()
        self._reading.set()
        await self.task


async def test_the_error_of_a_full_queue_says_when_to_try_again(tmp_path: Path) -> None:
    student = ToneStudent()
    async with serving(tmp_path, student, waiting=2) as (client, service):
        await ready(service)
        student.gate.clear()
        asked = [asyncio.create_task(client.post("/v1/audio/speech", json=SHORT)) for _ in range(3)]
        await until(lambda: service.speaker.depth == 3)
        refused = await client.post("/v1/audio/speech", json=SHORT)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.json()["error"]["code"] == "queue_full"
        assert (await client.get("/health")).status_code == 200
        student.gate.set()
        assert {(await one).status_code for one in asked} == {200}
        assert service.speaker.depth == 0
        assert (await client.post("/v1/audio/speech", json=SHORT)).status_code == 200


async def test_a_client_that_leaves_the_queue_is_not_synthesized(tmp_path: Path) -> None:
    student = ToneStudent()
    async with serving(tmp_path, student, waiting=1) as (client, service):
        await ready(service)
        student.gate.clear()
        first = asyncio.create_task(client.post("/v1/audio/speech", json=SHORT))
        await until(lambda: service.speaker.depth == 1)
        waiting = Caller(service, {"input": "Nadie me oirá."})
        await until(lambda: service.speaker.depth == 2)
        await waiting.leave()
        assert service.speaker.depth == 1
        student.gate.set()
        assert (await first).status_code == 200
        assert "Nadie me oirá." not in student.pieces
        assert waiting.sent == []


async def test_a_client_that_leaves_midway_stops_its_request(tmp_path: Path) -> None:
    student = ToneStudent()
    async with serving(tmp_path, student) as (_, service):
        await ready(service)
        student.pieces.clear()
        student.gate.clear()
        caller = Caller(service, {"input": LONG})
        await until(lambda: service.speaker.depth == 1)
        await caller.leave()
        student.gate.set()
        await service.speaker.run(lambda: None)
        assert service.speaker.depth == 0
        assert len(student.pieces) <= 1


async def test_a_slow_reader_keeps_its_speech_and_blocks_nobody(tmp_path: Path) -> None:
    student = ToneStudent()
    async with serving(tmp_path, student, timeout_s=0.4, waiting=0) as (client, service):
        await ready(service)
        caller = Caller(service, {"input": LONG, "response_format": "pcm"}, reads=False)
        await until(lambda: caller.sent)
        assert (await client.post("/v1/audio/speech", json=SHORT)).status_code == 200
        await asyncio.sleep(0.5)
        caller.go_on()
        await caller.task
        whole = await client.post(
            "/v1/audio/speech", json={"input": LONG, "response_format": "pcm"}
        )
        assert caller.body == whole.content


async def test_readers_that_stopped_long_ago_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicelab.tts.speaker.READERS", 2)
    async with serving(tmp_path, ToneStudent(), waiting=0) as (client, service):
        await ready(service)
        callers = []
        for _ in range(2):
            callers.append(Caller(service, {"input": LONG}, reads=False))
            await until(lambda: callers[-1].sent)
        assert (await client.post("/v1/audio/speech", json=SHORT)).status_code == 429
        monkeypatch.setattr("voicelab.tts.speaker.STALLED_S", 0.0)
        assert (await client.post("/v1/audio/speech", json=SHORT)).status_code == 200
        for caller in callers:
            await caller.leave()


async def test_retry_after_counts_service_time_alone(tmp_path: Path) -> None:
    student = ToneStudent()
    async with serving(tmp_path, student, waiting=0) as (client, service):
        await ready(service)
        for _ in range(20):
            await client.post("/v1/audio/speech", json=SHORT)
        caller = Caller(service, {"input": LONG}, reads=False)
        await until(lambda: caller.sent)
        await asyncio.sleep(1.2)
        caller.go_on()
        await caller.task
        student.gate.clear()
        asked = asyncio.create_task(client.post("/v1/audio/speech", json=SHORT))
        await until(lambda: service.speaker.active == 1)
        refused = await client.post("/v1/audio/speech", json=SHORT)
        assert refused.headers["Retry-After"] == "1"
        student.gate.set()
        await asked


async def test_synthesis_itself_is_bounded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Slow(ToneStudent):
        def synthesize(self, *arguments: Any, **options: Any) -> Audio:
            time.sleep(0.1)
            return super().synthesize(*arguments, **options)

    async with serving(tmp_path, Slow(), timeout_s=0.45) as (_, service):
        await ready(service)
        caller = Caller(service, {"input": LONG})
        await caller.task
        assert caller.sent[-1].get("more_body")  # not finished: the server closes the connection
        assert "speech interrupted: Not spoken within 0.45 s" in caplog.text
        assert "Traceback" not in caplog.text
        assert service.speaker.depth == 0


async def test_a_short_request_does_not_wait_for_the_end_of_a_long_one(tmp_path: Path) -> None:
    student = ToneStudent()
    async with serving(tmp_path, student) as (client, service):
        await ready(service)
        student.pieces.clear()
        student.gate.clear()
        long = asyncio.create_task(client.post("/v1/audio/speech", json={"input": LONG}))
        await until(lambda: service.speaker.depth == 1)
        short = asyncio.create_task(client.post("/v1/audio/speech", json=SHORT))
        await until(lambda: service.speaker.depth == 2)
        student.gate.set()
        await asyncio.gather(long, short)
        assert student.pieces.index(SHORT["input"]) == 1
        assert len(student.pieces) > 10


async def test_a_timeout_is_reported(tmp_path: Path) -> None:
    student = ToneStudent()
    async with serving(tmp_path, student, timeout_s=0.2) as (client, service):
        await ready(service)
        student.gate.clear()
        answer = await client.post("/v1/audio/speech", json=SHORT)
        assert answer.status_code == 504
        assert answer.json()["error"]["code"] == "timeout"
        await until(lambda: (service.reason or "").startswith("The engine has not responded"))
        assert (await client.get("/ready")).status_code == 503
        student.gate.set()
        await ready(service)


async def test_a_failing_engine_is_reported_and_the_next_request_succeeds(tmp_path: Path) -> None:
    student = ToneStudent()
    async with serving(tmp_path, student) as (client, service):
        await ready(service)
        student.broken = "the vocoder is out of memory; restart."
        answer = await client.post("/v1/audio/speech", json=SHORT)
        assert answer.status_code == 500
        assert answer.json()["error"]["message"] == student.broken
        student.broken = ""
        assert (await client.post("/v1/audio/speech", json=SHORT)).status_code == 200


async def test_a_failed_start_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicelab.tts.service.RETRY_S", 0.02)
    student = ToneStudent(broken="kokoro-v1_0.pth is missing.")
    async with serving(tmp_path, student) as (client, service):
        await until(lambda: service.reason == student.broken)
        answer = await client.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["reason"] == "kokoro-v1_0.pth is missing."
        assert (await client.post("/v1/audio/speech", json=SHORT)).status_code == 503
        assert (await client.get("/health")).status_code == 200
        student.broken = ""
        await ready(service)


async def test_a_deployment_takes_effect_without_restart(tmp_path: Path) -> None:
    async with serving(tmp_path, ToneStudent()) as (client, service):
        await ready(service)
        deploy(tmp_path / "voices", {"neutral": pack(0.5), "other": pack(0.1, "praat")})
        await until(lambda: service.voices.default == "neutral")
        listed = (await client.get("/v1/audio/voices")).json()
        assert listed["voices"][0] | {"sha256": ""} == {
            "id": "neutral", "kind": "deployed", "engine": "tone", "sha256": "", "alias_of": "",
            "name": "neutral", "default": True, "speed": 1.0, "gain_db": 0.0, "pitch_range": 1.0,
        }  # fmt: skip
        assert "other" in listed["warnings"][0]
        assert (await client.get("/ready")).json()["packs"] == 1


class Crowd(ToneStudent):
    """Counts how many threads speak at once, and what share of the processor each was given."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.speaking: list[str] = []
        self.together: list[int] = []
        self.shares: list[int] = []

    def share_processor(self, among: int) -> None:
        self.shares.append(among)

    def synthesize(self, text: str, *arguments: Any, **options: Any) -> Audio:
        self.speaking.append(text)
        self.together.append(len(self.speaking))
        try:
            return super().synthesize(text, *arguments, **options)
        finally:
            self.speaking.remove(text)


async def test_workers_speak_at_once_and_take_turns_alike(tmp_path: Path) -> None:
    student = Crowd()
    async with serving(tmp_path, student, workers=2, waiting=2) as (client, service):
        await ready(service)
        student.pieces.clear()
        student.gate.clear()
        longs = [
            asyncio.create_task(client.post("/v1/audio/speech", json={"input": LONG[:800]}))
            for _ in range(2)
        ]
        await until(lambda: len(student.speaking) == 2)
        short = asyncio.create_task(client.post("/v1/audio/speech", json=SHORT))
        await until(lambda: service.speaker.depth == 3)
        student.gate.set()
        await asyncio.gather(short, *longs)
        assert max(student.together) == 2
        assert student.pieces.index(SHORT["input"]) <= 3  # in its turn, behind at most one of each
        assert set(student.shares) == {1, 2}
        assert service.speaker.depth == 0


async def test_a_stuck_worker_is_reported(tmp_path: Path) -> None:
    student = Crowd()
    async with serving(tmp_path, student, workers=2, timeout_s=0.2) as (client, service):
        await ready(service)
        student.gate.clear()
        stuck = await client.post("/v1/audio/speech", json=SHORT)
        assert stuck.status_code == 504
        await until(lambda: (service.reason or "").startswith("The engine has not responded"))
        assert (await client.get("/health")).status_code == 200
        student.gate.set()
        await ready(service)
        assert (await client.post("/v1/audio/speech", json=SHORT)).status_code == 200


async def test_voices_are_reread_while_all_workers_speak(tmp_path: Path) -> None:
    student = Crowd()
    async with serving(tmp_path, student, workers=2) as (client, service):
        await ready(service)
        asked = [
            asyncio.create_task(client.post("/v1/audio/speech", json={"input": LONG}))
            for _ in range(4)
        ]
        deploy(tmp_path / "voices", {"neutral": pack(0.5)})
        await until(lambda: service.voices.default == "neutral")
        assert {(await one).status_code for one in asked} == {200}


async def test_an_engine_for_one_thread_gets_one(tmp_path: Path) -> None:
    async with serving(tmp_path, workers=4) as (_, service):  # praat
        await until(lambda: service.reason is None, 30)
        assert service.speaker.workers == 1
