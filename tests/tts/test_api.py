"""The API over the real engine `praat`: audio, and errors for invalid requests."""

import asyncio
import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.audio.io import decode
from corpus.audio.loudness import integrated_lufs
from corpus.audio.pitch import track
from corpus.audio.types import Audio
from distillation.delivery import PLAIN, Delivery
from distillation.engines import EngineError, student
from distillation.voicepack import VoicePack
from tests.tts.harness import LONG, ToneStudent, deploy, ready, serving, until
from voicelab.tts.voices import STATE

pytestmark = pytest.mark.anyio
TEXT = "Buenos días, gracias por llamar a nuestro servicio."


async def speak(client: httpx.AsyncClient, **body: object) -> Audio:
    answer = await client.post(
        "/v1/audio/speech", json={"input": TEXT, "response_format": "wav", **body}
    )
    assert answer.status_code == 200, answer.text
    return decode(answer.content)


async def test_speech_has_the_requested_length_and_level(tmp_path: Path) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        normal = await speak(client)
        assert normal.sr == 24_000
        assert 2 < normal.duration_s < 6
        assert -27 < integrated_lufs(normal) < -19
        assert np.array_equal(normal.y, (await speak(client)).y)
        for speed in (0.25, 0.5, 0.8, 1.25, 1.5, 2, 3, 4):
            spoken = await speak(client, speed=speed)
            assert spoken.duration_s * speed == pytest.approx(normal.duration_s, rel=0.03)


async def test_voices_differ_and_the_request_overrides_set_voice(tmp_path: Path) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        woman = await speak(client, voice="pf_luz")
        man = await speak(client, voice="pm_teo")
        assert np.median(track(woman).voiced_hz) > 1.3 * np.median(track(man).voiced_hz)
        chosen = (await client.post("/set_voice?style=pm_teo")).json()
        assert chosen == {"voice": "pm_teo", "previous": "pf_luz", "persisted": True}
        assert np.array_equal((await speak(client)).y, man.y)
        assert np.array_equal((await speak(client, voice="pf_luz")).y, woman.y)
    async with serving(tmp_path) as (client, service):
        await ready(service)
        assert (await client.get("/ready")).json()["default"] == "pm_teo"


async def test_a_deployed_style_is_a_voice(tmp_path: Path) -> None:
    stock = student("praat").stock_voice("pm_teo")
    written = deploy(tmp_path / "voices", {"empatico": stock})
    async with serving(tmp_path) as (client, service):
        await ready(service)
        answer = await client.post("/v1/audio/speech", json={"input": TEXT, "voice": "empatico"})
        assert answer.headers["X-Voice"] == "empatico"
        assert answer.headers["X-Voice-SHA256"] == written.voices["empatico"].sha256
        assert np.array_equal(
            (await speak(client, voice="empatico")).y, (await speak(client, voice="pm_teo")).y
        )


async def test_a_voice_speaks_with_the_speed_and_gain_of_the_manifest(tmp_path: Path) -> None:
    stock = {"empatico": student("praat").stock_voice("pm_teo")}
    deploy(tmp_path / "voices", stock, delivery=Delivery(speed=1.1, gain_db=-6.0, pitch_range=1.2))
    async with serving(tmp_path) as (client, service):
        await ready(service)
        plain, own = await speak(client, delivery=False), await speak(client)
        assert np.array_equal(plain.y, (await speak(client, voice="pm_teo")).y)
        assert plain.duration_s / own.duration_s == pytest.approx(1.1, rel=0.02)
        assert integrated_lufs(own) - integrated_lufs(plain) == pytest.approx(-6, abs=0.3)
        slow = await speak(client, speed=0.5)
        assert slow.duration_s / own.duration_s == pytest.approx(2, rel=0.03)
        body = {"input": TEXT, "response_format": "wav"}
        headers = (await client.post("/v1/audio/speech", json=body)).headers
        told = [headers[f"X-Voice-{name}"] for name in ("Speed", "Gain-dB", "Pitch-Range")]
        assert told == ["1.1", "-6", "1.2"]
        assert track(own).range_st > track(plain).range_st
        without = await client.post("/v1/audio/speech", json=body | {"delivery": False})
        assert "X-Voice-Speed" not in without.headers
        listed = (await client.get("/v1/audio/voices")).json()["voices"]
        names = ("speed", "gain_db", "pitch_range")
        figures = {voice["id"]: tuple(voice[name] for name in names) for voice in listed}
        assert (figures["empatico"], figures["pm_teo"]) == ((1.1, -6.0, 1.2), (1.0, 0.0, 1.0))
        deploy(tmp_path / "voices", stock, delivery=PLAIN)
        await until(lambda: service.voices.find("empatico").delivery.is_plain)
        assert np.array_equal((await speak(client)).y, plain.y)


async def test_a_setting_switches_delivery_off_and_a_request_can_switch_it_on(
    tmp_path: Path,
) -> None:
    delivery = Delivery(speed=1.25, gain_db=12.0)
    deploy(
        tmp_path / "voices", {"neutral": student("praat").stock_voice("pf_luz")}, delivery=delivery
    )
    async with serving(tmp_path, apply_delivery=False) as (client, service):
        await ready(service)
        plain, own = await speak(client), await speak(client, delivery=True)
        assert np.array_equal(plain.y, (await speak(client, voice="pf_luz")).y)
        assert 9 < integrated_lufs(own) - integrated_lufs(plain) < 12  # less where peaks are bent
        assert 0.9 < np.abs(own.y).max() < 0.975
        fastest = await speak(client, speed=4)
        assert (await speak(client, speed=4, delivery=True)).duration_s == fastest.duration_s


async def test_mp3_is_the_default_and_long_text_is_whole(tmp_path: Path) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        answer = await client.post("/v1/audio/speech", json={"input": LONG[:800]})
        assert answer.headers["Content-Type"] == "audio/mpeg"
        streamed = decode(answer.content)
        whole = await speak(client, input=LONG[:800])
        assert streamed.sr == 24_000
        assert streamed.duration_s == pytest.approx(whole.duration_s, abs=0.15)
        assert whole.duration_s > 30
        fast = await speak(client, input=LONG[:800], speed=2)
        assert fast.duration_s == pytest.approx(whole.duration_s / 2, rel=0.03)


@pytest.mark.parametrize(
    ("body", "status", "param", "says"),
    [
        ({"input": ""}, 400, "input", "empty"),
        ({"input": " \n "}, 400, "input", "empty"),
        ({}, 400, "input", "required"),
        ({"input": None}, 400, "input", "string"),
        ({"input": "hola\x00"}, 400, "input", "U+0000"),
        ({"input": "¡¿…?!"}, 400, "input", "spoken"),
        ({"input": "a" * 4097}, 400, "input", "4096"),
        ({"input": "x", "voice": "nadie"}, 400, "voice", "pf_luz"),
        ({"input": "x", "voice": {"id": "nadie"}}, 400, "voice", "pf_luz"),
        ({"input": "x", "voice": {"name": "pf_luz"}}, 400, "voice", "string"),
        ({"input": "x", "voice": "../secret"}, 400, "voice", "plain name"),
        ({"input": "x", "model": "gpt-9"}, 404, "model", "tts-1-hd"),
        ({"input": "x", "speed": 5}, 400, "speed", "4"),
        ({"input": "x", "speed": "nan"}, 400, "speed", "finite"),
        ({"input": "x", "response_format": "ogg"}, 400, "response_format", "'mp3', 'wav'"),
        ({"input": "x", "stream_format": "websocket"}, 400, "stream_format", "'audio' or 'sse'"),
    ],
)
async def test_error_messages_name_the_field(
    tmp_path: Path, body: object, status: int, param: str, says: str
) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        answer = await client.post("/v1/audio/speech", json=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"]) == (status, param)
        assert says in error["message"]
        assert error["type"] == "invalid_request_error"
        assert error["code"]


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("POST", "/v1/audio/speech", b"{", 400, "invalid_json"),
        ("POST", "/v1/audio/speech", b"", 400, "invalid_request"),
        ("POST", "/v1/audio/speech", b"\xff\xfe", 400, "invalid_json"),
        ("POST", "/v1/audio/speech", b'{"input":"hola \\ud800"}', 400, "invalid_request"),
        ("POST", "/v1/audio/speech", b"[" * 60_000, 400, "invalid_json"),
        ("POST", "/v1/audio/speech", b"x" * 70_000, 413, "body_too_large"),
        ("GET", "/v1/audio/speech", b"", 405, "method_not_allowed"),
        ("GET", "/nothing", b"", 404, "not_found"),
        ("GET", "/v1/models/gpt-4", b"", 404, "model_not_found"),
        ("GET", "/v1/models/org/model", b"", 404, "model_not_found"),
        ("POST", "/set_voice", b"", 400, "invalid_request"),
        ("POST", "/set_voice?style=nadie", b"", 400, "voice_not_found"),
    ],
)
async def test_every_error_is_an_openai_error(
    tmp_path: Path, method: str, path: str, content: bytes, status: int, code: str
) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        answer = await client.request(method, path, content=content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


async def test_a_server_error_is_an_openai_error_without_details(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        monkeypatch.setattr(service, "find", None)
        answer = await client.post("/v1/audio/speech", json={"input": "x"})
        assert answer.status_code == 500
        assert answer.json()["error"]["type"] == "server_error"
        assert "NoneType" not in answer.text


async def test_models_voices_and_metrics_are_listed(tmp_path: Path) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        listed = (await client.get("/v1/models")).json()
        assert [m["id"] for m in listed["data"]] == [
            "tts-1", "tts-1-hd", "gpt-4o-mini-tts", "kokoro", "praat",
        ]  # fmt: skip
        assert (await client.get("/v1/models/tts-1")).json() == listed["data"][0]
        await speak(client)
        figures = (await client.get("/metrics")).text
        assert 'voicelab_tts_requests_total{status="200"} 1.0' in figures
        assert "voicelab_tts_rtf_count 1.0" in figures
        assert "voicelab_tts_ready 1.0" in figures
        assert (await client.head("/health")).status_code == 200


async def test_keys_protect_everything_except_health(tmp_path: Path) -> None:
    async with serving(tmp_path, api_keys=("secreto", "otro")) as (client, service):
        await ready(service)
        for path in ("/v1/models", "/v1/audio/voices", "/metrics"):
            assert (await client.get(path)).status_code == 401
        for header in ("Bearer falso", "Bearer ", "Basic secreto", "secreto"):
            answer = await client.post(
                "/v1/audio/speech", json={"input": "x"}, headers={"Authorization": header}
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
        assert (await client.post("/set_voice?style=pm_teo")).status_code == 401
        client.headers["Authorization"] = "Bearer otro"
        assert (await client.get("/v1/models")).status_code == 200
        del client.headers["Authorization"]
        for path in ("/health", "/ready"):
            assert (await client.get(path)).status_code == 200


async def test_other_hosts_and_other_sites_are_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as (client, service):
        await ready(service)
        answer = await client.get("/health", headers={"Host": "evil.example"})
        assert answer.json()["error"]["code"] == "host_not_allowed"
        for origin, status in (
            ("https://evil.example", 403), ("http://[", 403), ("http://127.0.0.1", 200)
        ):  # fmt: skip
            answer = await client.post("/set_voice?style=pm_teo", headers={"Origin": origin})
            assert answer.status_code == status


async def test_an_unreadable_voice_does_not_become_the_default(tmp_path: Path) -> None:
    class Damaged(ToneStudent):
        def stock_voice(self, name: str) -> VoicePack:
            if name == "high":
                raise EngineError("bad_voice", "high.pt is damaged.")
            return super().stock_voice(name)

    async with serving(tmp_path, Damaged()) as (client, service):
        await ready(service)
        answer = await client.post("/set_voice?style=high")
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "bad_voice")
        assert service.voices.default == "low"
    assert not (tmp_path / "voices" / STATE).exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "input": st.text(max_size=40) | JSON,
        "voice": st.sampled_from(["pf_luz", "nova", None]) | st.text(max_size=20) | JSON,
        "model": st.sampled_from(["tts-1", "kokoro"]) | JSON,
        "speed": st.floats(0.25, 4) | JSON,
        "response_format": st.sampled_from(["mp3", "wav", "pcm", "opus", "aac", "flac"]) | JSON,
        "instructions": JSON,
    },
)


async def test_no_request_causes_a_server_error(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with serving(tmp_path) as (client, service):
        await ready(service)

        @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
        @given(FIELDS | JSON)
        def ask(body: object) -> None:
            post = client.post("/v1/audio/speech", content=json.dumps(body))
            answer = asyncio.run_coroutine_threadsafe(post, loop).result(20)
            assert answer.status_code in (200, 400, 404)
            if answer.status_code != 200:
                assert answer.json()["error"]["message"]

        await asyncio.to_thread(ask)
