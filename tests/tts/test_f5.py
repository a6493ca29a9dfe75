"""TTS_BACKEND=f5: prompts are voices, and teacher `http` of another machine can use the service."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from corpus.audio.io import decode
from distillation.engines import Prompt, teacher
from tests.processes import free_port, running, wait_for
from tests.teacher import environment, interpreter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("teacher")]
WORDS = "Esto es lo que dice la muestra."
TEXT = "Buenos días, gracias por llamar."


@pytest.fixture(scope="module")
def server(f5_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve tiny F5 with the prompt of one style; yields the base address."""
    data, port = tmp_path_factory.mktemp("speech"), free_port()
    shutil.copytree(f5_folder / "models", data / "models")
    prompts = data / "models" / "f5" / "prompts"
    prompts.mkdir()
    shutil.copy(f5_folder / "prompt.wav", prompts / "amable.wav")
    (prompts / "amable.txt").write_text(WORDS)
    env = environment(
        f5_folder / "home", TTS_BACKEND="f5", SPEECH_PORT=str(port), VOICELAB_DATA_DIR=str(data)
    )
    log = data / "log"
    with running([interpreter(), "-m", "voicelab.tts"], log=log, env=env):
        base = f"http://127.0.0.1:{port}"
        wait_for("the speech service", lambda: _ready(base), seconds=180)
        yield base
    assert "Traceback" not in log.read_text(), log.read_text()


def _ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/ready", timeout=20).status_code == 200
    except httpx.TransportError:
        return False


def test_prompts_are_listed_as_voices(server: str) -> None:
    listed = httpx.get(f"{server}/v1/audio/voices", timeout=20).json()
    assert [(one["id"], one["engine"]) for one in listed["voices"]] == [("amable", "f5")]
    assert listed["default"] == "amable"


def test_the_http_teacher_uses_the_service_with_voices_and_prompts(
    server: str, f5_folder: Path
) -> None:
    engine = teacher("http", {"url": server})
    bare = Prompt(style="amable")
    sent = Prompt(style="amable", audio=f5_folder / "prompt.wav", transcript=WORDS)
    other = Prompt(style="amable", audio=f5_folder / "other.wav", transcript=WORDS)
    by_voice = engine.synthesize(TEXT, bare, seed=7)
    assert np.array_equal(by_voice.y, engine.synthesize(TEXT, bare, seed=7).y)
    assert not np.array_equal(by_voice.y, engine.synthesize(TEXT, bare, seed=8).y)
    by_prompt = engine.synthesize(TEXT, sent, seed=7)
    assert by_prompt.duration_s == pytest.approx(by_voice.duration_s, abs=0.1)
    assert not np.array_equal(by_prompt.y, engine.synthesize(TEXT, other, seed=7).y)
    faster = engine.synthesize(TEXT, sent, seed=7, speed=1.25)
    assert faster.duration_s < by_prompt.duration_s


def test_speech_is_synthesized_through_the_openai_api(server: str) -> None:
    body = {"model": "f5", "voice": "amable", "input": TEXT, "response_format": "mp3"}
    answer = httpx.post(f"{server}/v1/audio/speech", json=body, timeout=60)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert decode(answer.content).duration_s > 1.0


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"voice": "nadie"}, "voice"),
        ({"voice": "amable(1)+amable(1)"}, "voice"),
        ({"reference_audio": "AAAA"}, "reference_text"),
        ({"reference_audio": "no base64!", "reference_text": WORDS}, "reference_audio"),
        ({"reference_audio": "AAAA", "reference_text": WORDS}, "reference_audio"),
    ],
)
def test_invalid_requests(server: str, more: dict[str, str], param: str) -> None:
    answer = httpx.post(f"{server}/v1/audio/speech", json={"input": TEXT, **more}, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
