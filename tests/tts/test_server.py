"""The service as a process: the openai client works, health answers during synthesis."""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest

from corpus.audio.io import decode
from distillation.engines import student
from distillation.engines.kokoro.files import PACKS
from tests.conftest import REPOSITORY
from tests.processes import free_port, running, wait_for
from tests.tts.harness import LONG, deploy
from voicelab import settings_tts
from voicelab.tts.application import config

TEXT = "Lamentamos lo ocurrido, vamos a solucionarlo ahora mismo."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve two deployed styles; yields the base address."""
    data = tmp_path_factory.mktemp("speech")
    praat = student("praat")
    deploy(
        data / "voices",
        {"neutral": praat.stock_voice("pf_luz"), "empatico": praat.stock_voice("pm_teo")},
        default="neutral",
    )
    port = free_port()
    env = {"VOICELAB_DATA_DIR": str(data), "SPEECH_PORT": str(port), "TTS_BACKEND": "praat"}
    log = data / "log"
    with running([sys.executable, "-m", "voicelab.tts"], log=log, env=env):
        base = f"http://127.0.0.1:{port}"
        wait_for("the speech service", lambda: _ready(base), seconds=60)
        yield base
    log_text = log.read_text()
    assert "packs=2" in log_text
    assert f"port={port}" in log_text
    assert "Traceback" not in log_text, log_text


def _ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/ready").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def client(server: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server}/v1", api_key="any", max_retries=0) as made:
        yield made


def test_the_openai_client_gets_speech(client: openai.OpenAI) -> None:
    mp3 = client.audio.speech.create(model="tts-1", voice="empatico", input=TEXT)
    wav = client.audio.speech.create(
        model="tts-1-hd", voice="empatico", input=TEXT, response_format="wav", speed=2.0
    )
    assert decode(mp3.content).duration_s == pytest.approx(
        2 * decode(wav.content).duration_s, rel=0.2
    )


def test_the_openai_client_streams_audio_before_the_end(
    client: openai.OpenAI, tmp_path: Path
) -> None:
    started = time.monotonic()
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="neutral", input=LONG[:1500]
    ) as answer:
        parts = answer.iter_bytes()
        data = next(parts)
        first_s = time.monotonic() - started
        data += b"".join(parts)
    assert first_s < 0.5 * (time.monotonic() - started)
    assert decode(data).duration_s > 60


def test_the_openai_client_gets_models_and_errors(client: openai.OpenAI) -> None:
    assert {"tts-1", "tts-1-hd", "kokoro"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("tts-1").object == "model"
    with pytest.raises(openai.BadRequestError) as voice:
        client.audio.speech.create(model="tts-1", voice="nadie", input=TEXT)
    assert (voice.value.code, voice.value.param) == ("voice_not_found", "voice")
    assert "neutral" in voice.value.message
    assert "nadie.pt" in voice.value.message
    with pytest.raises(openai.NotFoundError):
        client.audio.speech.create(model="gpt-9", voice="neutral", input=TEXT)


def test_health_answers_while_it_speaks(server: str) -> None:
    port = int(server.rsplit(":", 1)[1])
    with _asking(port, LONG, "wav"), httpx.Client(base_url=server) as client:
        wait_for("the synthesis", lambda: _depth(server) == 1, seconds=5)
        taken = []
        for _ in range(10):
            started = time.monotonic()
            assert client.get("/health").status_code == 200
            taken.append(time.monotonic() - started)
        assert _depth(server) == 1
    assert statistics.median(taken) < 0.3
    assert max(taken) < 2.0


def test_a_client_that_disconnects_frees_its_slot(server: str) -> None:
    port = int(server.rsplit(":", 1)[1])
    with _asking(port, LONG) as speaking:
        assert speaking.recv(15) == b"HTTP/1.1 200 OK"
    wait_for("an empty queue", lambda: _depth(server) == 0, seconds=5)
    assert "voicelab_tts_unfinished_total 0.0" not in httpx.get(f"{server}/metrics").text


def test_the_documentation_page_loads_nothing_from_other_sites(server: str) -> None:
    page = httpx.get(f"{server}/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("</", "").replace(server, "")
    for part in page.text.split('"'):
        if part.startswith("/static/"):
            asset = httpx.get(server + part)
            assert asset.status_code == 200
            assert asset.headers["Content-Type"].split(";")[0] in (
                "text/css", "text/javascript", "application/javascript", "image/svg+xml",
                "image/png",
            )  # fmt: skip
    described = httpx.get(f"{server}/openapi.json").json()["paths"]
    assert {"/v1/audio/speech", "/v1/models", "/v1/audio/voices", "/ready"} <= set(described)
    assert httpx.get(f"{server}/static/ninja/nothing.js").status_code == 404


def test_the_error_of_a_busy_port_names_the_variable(server: str) -> None:
    port = server.rsplit(":", 1)[1]
    done = _start(SPEECH_PORT=port)
    assert done.returncode == 1
    assert port in done.stderr
    assert "SPEECH_PORT" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("TTS_BACKEND", "espeak"), ("TTS_TIMEOUT_S", "0"), ("SPEECH_HOST", "192.0.2.1")],
)
def test_invalid_settings_stop_the_start(name: str, value: str) -> None:
    done = _start(**{name: value})
    assert done.returncode != 0
    assert name in done.stderr


def test_the_deployment_sets_a_default_that_the_environment_overrides(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "tts.env").write_text("TTS_BACKEND=kokoro\nKOKORO_VOICE_PATH=/x.pt\n")
    code = "from voicelab import settings_tts as s; print(s.TTS_BACKEND, s.KOKORO_VOICE_PATH)"
    for backend, engine in (({}, "kokoro"), ({"TTS_BACKEND": "praat"}, "praat")):
        env = {**os.environ, "VOICELAB_DATA_DIR": str(tmp_path), **backend}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=REPOSITORY, env=env, capture_output=True, text=True
        )
        assert done.stdout.strip() == engine


def test_without_a_setting_the_engine_depends_on_kokoros_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_tts, "TTS_BACKEND", "")
    monkeypatch.setattr(settings_tts, "MODEL_DIR", tmp_path)
    assert config().backend == "praat"
    (tmp_path / PACKS).mkdir()
    for name in (f"{PACKS}/ef_dora.pt", "config.json"):
        (tmp_path / name).touch()
        assert config().backend == "praat"
    (tmp_path / "kokoro-v1_0.pth").touch()
    assert config().backend == "kokoro"
    monkeypatch.setattr(settings_tts, "TTS_BACKEND", "praat")
    assert config().backend == "praat"


def _depth(server: str) -> float:
    lines = httpx.get(f"{server}/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith("voicelab_tts_queue")).split()[1])


def _asking(port: int, text: str, form: str = "mp3") -> socket.socket:
    """Return a connection that has asked for speech and not yet read."""
    wanted = {"input": text, "response_format": form}
    body = httpx.Request("POST", "http://x", json=wanted).content
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(
        b"POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    return connection


def _start(**env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voicelab.tts"],
        cwd=REPOSITORY, env={**os.environ, **env}, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
