"""Mixes of voices: parsed, limited, and made in memory."""

from pathlib import Path

import numpy as np
import pytest

from corpus.audio.pitch import track
from distillation.engines import student
from distillation.voicepack import PackError, VoicePack
from tests.tts.harness import deploy, ready, serving
from tests.tts.test_api import speak
from voicelab.tts.mixes import mixed, parse


def test_weights_are_parts_of_one() -> None:
    assert parse("ef_dora(2)+em_alex(1)") == pytest.approx({"ef_dora": 2 / 3, "em_alex": 1 / 3})
    assert parse("ef_dora+em_alex") == {"ef_dora": 0.5, "em_alex": 0.5}
    assert parse("ef_dora(0.5)+ef_dora(0.5)") == {"ef_dora": 1.0}
    assert parse("ef_dora") is None


@pytest.mark.parametrize(
    "text", ["a(0)+b", "a(11)+b", "a(1e9)+b", "a(-1)+b", "a+b+c+d+e", "a++b", "a(2", "../x(1)+b"]
)
def test_what_is_beyond_the_limits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="up to 4 voices"):
        parse(text)


def test_a_mix_is_the_weighted_mean() -> None:
    packs = [VoicePack(np.full((510, 1, 256), value, np.float32), "tone") for value in (0.0, 3.0)]
    assert mixed(packs, [2 / 3, 1 / 3]).data == pytest.approx(1.0)
    with pytest.raises(PackError, match="rows"):
        mixed([packs[0], VoicePack(np.zeros((511, 1, 256), np.float32), "tone")], [0.5, 0.5])


@pytest.mark.anyio
async def test_a_request_can_mix_deployed_and_stock_voices(tmp_path: Path) -> None:
    deploy(tmp_path / "voices", {"neutral": student("praat").stock_voice("pf_luz")})
    async with serving(tmp_path) as (client, service):
        await ready(service)
        before = sorted(tmp_path.rglob("*"))
        medians = [
            np.median(track(await speak(client, voice=voice)).voiced_hz)
            for voice in ("pm_teo", "neutral(1)+pm_teo(1)", "neutral")
        ]
        assert medians[0] * 1.1 < medians[1] < medians[2] / 1.1
        answer = await client.post(
            "/v1/audio/speech", json={"input": "Hola.", "voice": "neutral(3)+pm_teo(1)"}
        )
        assert answer.headers["X-Voice"] == "neutral(0.75)+pm_teo(0.25)"
        assert sorted(tmp_path.rglob("*")) == before  # nothing is written
        for voice, says in (("neutral+nadie", "nadie"), ("neutral(99)+pm_teo", "up to 4 voices")):
            refused = await client.post("/v1/audio/speech", json={"input": "Hola.", "voice": voice})
            assert (refused.status_code, refused.json()["error"]["param"]) == (400, "voice")
            assert says in refused.json()["error"]["message"]
