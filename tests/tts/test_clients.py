"""The requests that common clients send, as their own code builds them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import openai
import pytest

from corpus.audio.io import decode
from distillation.delivery import Delivery
from distillation.engines import student
from tests.conftest import REPOSITORY
from tests.tts.harness import deploy, ready, serving
from voicelab.tts.openai_names import VOICE_NAMES

pytestmark = pytest.mark.anyio
TEXT = "Buenos días, gracias por llamar."
SPEECH = "/v1/audio/speech"


@asynccontextmanager
async def service_of(tmp_path: Path, **config: object) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, **config) as (client, service):
        await ready(service)
        yield client


@asynccontextmanager
async def openai_client(client: httpx.AsyncClient) -> AsyncIterator[openai.AsyncOpenAI]:
    yield openai.AsyncOpenAI(
        base_url=f"{client.base_url}/v1", api_key="any", http_client=client, max_retries=0
    )


async def test_openai_every_voice_name_and_model_id_speaks(tmp_path: Path) -> None:
    async with service_of(tmp_path) as http, openai_client(http) as client:
        for name in VOICE_NAMES:
            answer = await client.audio.speech.with_raw_response.create(
                model="gpt-4o-mini-tts-2025-12-15", voice=name, input="Hola.", instructions="Calm."
            )
            assert answer.headers["X-Voice"] == name
        for model in ("tts-1", "tts-1-hd", "tts-1-1106", "tts-2", "gpt-4o-mini-tts", "kokoro"):
            await client.audio.speech.create(model=model, voice={"id": "pm_teo"}, input="Hola.")
            assert (await client.models.retrieve(model)).id == model


async def test_explicit_nulls_are_absent_fields(tmp_path: Path) -> None:
    optional = (
        "voice", "model", "speed", "response_format", "stream_format", "instructions", "seed",
        "delivery", "reference_audio", "reference_text",
    )  # fmt: skip
    async with service_of(tmp_path) as client:
        plain = await client.post(SPEECH, json={"input": TEXT})
        nulls = await client.post(SPEECH, json={"input": TEXT, **dict.fromkeys(optional)})
        assert nulls.content == plain.content
        empty = await client.post(SPEECH, json={"input": TEXT, "voice": ""})
        assert empty.content == plain.content


async def test_open_webui(tmp_path: Path) -> None:
    async with service_of(tmp_path) as client:
        voices = (await client.get("/v1/audio/voices")).json()["voices"]
        names = {voice["id"]: voice["name"] for voice in voices}
        assert names["pf_luz"] == "pf_luz"
        assert set(VOICE_NAMES) < set(names)
        models = (await client.get("/v1/audio/models")).json()["models"]
        assert {"id": "tts-1", "name": "tts-1"} in models
        answer = await client.post(
            SPEECH,
            json={"input": TEXT, "voice": "alloy", "model": "tts-1"},
            headers={"Authorization": "Bearer ", "X-OpenWebUI-User-Role": "user"},
        )
        assert decode(answer.content).duration_s > 1


async def test_sillytavern(tmp_path: Path) -> None:
    body = {
        "input": TEXT, "response_format": "mp3", "voice": "shimmer", "speed": 1, "model": "tts-1",
        "provider_endpoint": "http://127.0.0.1:8001/v1/audio/speech",
    }  # fmt: skip
    async with service_of(tmp_path) as client:
        answer = await client.post(SPEECH, json=body, headers={"Authorization": "Bearer undefined"})
        assert answer.headers["Content-Type"] == "audio/mpeg"
        assert decode(answer.content).duration_s > 1


async def test_pipecat(tmp_path: Path) -> None:
    async with service_of(tmp_path) as http, openai_client(http) as client:
        async with client.audio.speech.with_streaming_response.create(
            input=TEXT, model="gpt-4o-mini-tts", voice="alloy", response_format="pcm",
            extra_body={"instructions": "Habla despacio."},
        ) as answer:  # fmt: skip
            assert answer.status_code == 200
            parts = [part async for part in answer.iter_bytes(1024)]
        assert len(b"".join(parts)) > 2 * 24_000
        assert len(b"".join(parts)) % 2 == 0


async def test_livekit(tmp_path: Path) -> None:
    async with service_of(tmp_path) as http, openai_client(http) as client:
        async with client.audio.speech.with_streaming_response.create(
            input=TEXT, model="gpt-4o-mini-tts", voice="ash", response_format="mp3", speed=1.0,
            instructions=openai.NOT_GIVEN, timeout=httpx.Timeout(30, connect=10),
        ) as answer:  # fmt: skip
            assert answer.request_id
            data = b"".join([part async for part in answer.iter_bytes()])
        assert decode(data).duration_s > 1


async def test_home_assistant(tmp_path: Path) -> None:
    headers = {"User-Agent": "HomeAssistant-OpenAI-TTS", "Authorization": "Bearer any"}
    async with service_of(tmp_path) as client:
        listed = await client.get("/v1/audio/voices", params={"limit": 100}, headers=headers)
        assert listed.json()["voices"][0]["id"] == "pf_luz"
        body = {
            "model": "gpt-4o-mini-tts", "input": TEXT, "voice": "nova", "response_format": "opus",
            "speed": 1.0, "instructions": None, "chunk_size": 12,
        }  # fmt: skip
        answer = await client.post(SPEECH, json=body, headers=headers)
        assert answer.content.startswith(b"OggS")
        assert decode(answer.content).duration_s > 1


@pytest.mark.parametrize(
    ("instructions", "voice", "spoken"),
    [
        ("Habla con tono empático y pausado.", "alloy", "empatico"),
        ("Speak in a warm, friendly way.", None, "amable"),
        ("Speak in a warm, friendly way.", "pm_teo", "pm_teo"),
        ("Warm and professional.", "alloy", "alloy"),  # two styles: neither
        ("No suenes empático.", "alloy", "alloy"),
        ("Habla despacio.", None, "neutral"),
        ("amable", "neutral", "neutral"),
    ],
)
async def test_instructions_that_name_a_style_choose_its_voice(
    tmp_path: Path, instructions: str, voice: str | None, spoken: str
) -> None:
    praat, styles = student("praat"), ("neutral", "amable", "empatico", "profesional")
    deploy(tmp_path / "voices", {style: praat.stock_voice("pf_mar") for style in styles})
    async with service_of(tmp_path) as client:
        body = {"input": "Hola.", "voice": voice, "instructions": instructions}
        assert (await client.post(SPEECH, json=body)).headers["X-Voice"] == spoken


async def test_pages_of_other_sites_are_allowed_by_a_setting(tmp_path: Path) -> None:
    page = "https://chat.example.com"
    preflight = {
        "Origin": page, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }  # fmt: skip
    body = {"input": "Hola."}
    fitted = Delivery(speed=1.1, gain_db=1.0, pitch_range=1.2)
    deploy(
        tmp_path / "voices", {"neutral": student("praat").stock_voice("pf_mar")}, delivery=fitted
    )
    async with service_of(tmp_path) as client:
        refused = await client.options(SPEECH, headers=preflight)
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert (await client.post(SPEECH, json=body, headers={"Origin": page})).status_code == 403
    for allowed in (page, "*"):
        async with service_of(tmp_path, cors_origins=(allowed,), api_keys=("key",)) as client:
            answer = await client.options(SPEECH, headers=preflight)
            assert answer.status_code == 204
            assert answer.headers["Access-Control-Allow-Origin"] == allowed
            assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
            assert "POST" in answer.headers["Access-Control-Allow-Methods"]
            headers = {"Origin": page, "Authorization": "Bearer key"}
            spoken = await client.post(SPEECH, json=body, headers=headers)
            assert spoken.status_code == 200
            assert spoken.headers["Access-Control-Allow-Origin"] == allowed
            exposed = spoken.headers["Access-Control-Expose-Headers"].lower().split(", ")
            sent = {name for name in spoken.headers if name.startswith("x-voice")}
            assert "x-voice-pitch-range" in sent
            assert sent <= set(exposed)
            assert spoken.headers["Vary"] == "Origin"
            unknown = await client.post(SPEECH, json=body, headers={"Origin": page})
            assert unknown.headers["Access-Control-Allow-Origin"] == allowed  # its error is read


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (SPEECH, "POST, OPTIONS"),
        ("/v1/models", "GET, HEAD, OPTIONS"),
        ("/v1/models/tts-1", "GET, HEAD, OPTIONS"),
        ("/v1/audio/voices", "GET, HEAD, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
        ("/ready", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_and_head_are_answered(tmp_path: Path, path: str, allow: str) -> None:
    async with service_of(tmp_path) as client:
        answer = await client.options(path)
        assert answer.status_code == 204
        assert set(answer.headers["Allow"].split(", ")) == set(allow.split(", "))
        assert (await client.head(path)).status_code == (405 if path == SPEECH else 200)
        assert (await client.options("/nothing")).status_code == 404


async def test_the_document_has_an_example_of_every_client() -> None:
    text = (REPOSITORY / "docs" / "speech.md").read_text(encoding="utf-8")
    for client in ("openai", "Open WebUI", "SillyTavern", "Pipecat", "LiveKit", "Home Assistant"):
        assert f"**{client}" in text
