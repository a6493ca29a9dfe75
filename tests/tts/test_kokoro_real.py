"""The service on Kokoro's real weights without a deployment: stock voices speak at once."""

from pathlib import Path

import httpx
import numpy as np
import pytest

from corpus.audio.io import decode
from corpus.audio.pitch import track
from distillation.hub import SPANISH_VOICES
from tests.tts.harness import serving, until

pytestmark = [pytest.mark.anyio, pytest.mark.weights]
TEXT = "Buenos días, gracias por llamar. Su saldo es de ciento veinte euros."


async def test_the_stock_voices_are_offered_and_speak(
    tmp_path: Path, real_kokoro_model: Path
) -> None:
    async with serving(tmp_path, backend="kokoro", model_dir=real_kokoro_model, threads=1) as (
        client,
        service,
    ):
        await until(lambda: service.reason is None, 120)
        state = (await client.get("/ready")).json()
        assert (state["default"], state["packs"], state["warnings"]) == ("ef_dora", 0, [])
        listed = (await client.get("/v1/audio/voices")).json()["voices"]
        assert tuple(voice["id"] for voice in listed[:3]) == SPANISH_VOICES
        assert 150 < await _f0_hz(client, "ef_dora") < 230
        assert await _f0_hz(client, "em_alex") < 0.8 * await _f0_hz(client, None)
        mp3 = await client.post("/v1/audio/speech", json={"input": TEXT})
        assert mp3.headers["Content-Type"] == "audio/mpeg"
        assert decode(mp3.content).duration_s > 3
        answer = await client.post("/v1/audio/speech", json={"input": TEXT, "voice": "ef_nadie"})
        message = answer.json()["error"]["message"]
        assert "MODEL_DIR/voices/ef_nadie.pt" in message
        assert str(real_kokoro_model) not in message
        assert "ef_dora" in message


async def _f0_hz(client: httpx.AsyncClient, voice: str | None) -> float:
    """Return the median pitch of a sentence in this voice."""
    wanted = {"input": TEXT, "voice": voice, "response_format": "wav"}
    answer = await client.post("/v1/audio/speech", json=wanted)
    assert answer.status_code == 200, answer.text
    audio = decode(answer.content)
    assert audio.duration_s > 3
    return float(np.nanmedian(track(audio).f0_hz))
