"""The service over Kokoro: deployed voices, aliases of stock voices, missing files."""

from pathlib import Path

import pytest

from corpus.audio.io import decode
from distillation import voicepack
from distillation.engines.kokoro.files import CONFIG, PACKS, WEIGHTS
from tests.standins import kokoro_dir
from tests.tts.harness import deploy, native, serving, until

pytestmark = pytest.mark.anyio
TEXT = "Su saldo es de ciento veinte euros."


def with_sky(model: Path, folder: Path) -> Path:
    """Return a model folder with two voices, one of which has an OpenAI alias."""
    (folder / PACKS).mkdir(parents=True)
    for name in (CONFIG, WEIGHTS, f"{PACKS}/ef_dora.pt"):
        (folder / name).symlink_to(model / name)
    (folder / PACKS / "af_sky.pt").symlink_to(model / PACKS / "em_alex.pt")
    return folder


@pytest.mark.weights
async def test_kokoro_speaks_stock_alias_and_deployed_voices(
    tmp_path: Path, real_kokoro_model: Path
) -> None:
    model_dir = with_sky(real_kokoro_model, tmp_path / "model")
    dora = voicepack.load(model_dir / PACKS / "ef_dora.pt", engine="kokoro")
    deploy(tmp_path / "voices", {"neutral": dora})
    async with serving(tmp_path, backend="kokoro", model_dir=model_dir, threads=1) as (
        client,
        service,
    ):
        await until(lambda: service.reason is None, 120)
        state = (await client.get("/ready")).json()
        assert state["device"].startswith(("cpu", "cuda"))
        assert (state["default"], state["packs"]) == ("neutral", 1)
        listed = (await client.get("/v1/audio/voices")).json()["voices"]
        assert native(v["id"] for v in listed) == ["neutral", "ef_dora", "af_sky"]
        body = {"input": TEXT, "response_format": "wav"}
        spoken = {}
        for voice, lang in (
            (None, None), ("ef_dora", None), ("alloy", None), ("af_sky", "es"), ("af_sky", None)
        ):  # fmt: skip
            wanted = {**body, "voice": voice, "lang_code": lang}
            answer = await client.post("/v1/audio/speech", json=wanted)
            assert answer.status_code == 200, answer.text
            spoken[voice, lang] = answer.content
        assert spoken[None, None] == spoken["ef_dora", None]
        assert spoken["alloy", None] == spoken["af_sky", "es"] != spoken["ef_dora", None]
        assert spoken["af_sky", None] != spoken["af_sky", "es"]  # by its letter it is English
        assert 2 < decode(spoken[None, None]).duration_s < 4
        missing = await client.post("/v1/audio/speech", json={**body, "voice": "af_nova"})
        message = missing.json()["error"]["message"]
        assert f"MODEL_DIR/{PACKS}/af_nova.pt" in message
        assert "ef_dora" in message


@pytest.mark.slow
async def test_without_files_the_service_lists_the_missing_ones_and_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicelab.tts.service.RETRY_S", 0.1)
    model_dir, there = kokoro_dir(tmp_path / "made"), tmp_path / "models"
    async with serving(tmp_path, backend="kokoro", threads=1) as (client, service):
        await until(lambda: "kokoro-v1_0.pth" in (service.reason or ""), 60)
        assert (await client.get("/health")).status_code == 200
        answer = await client.get("/ready")
        assert answer.status_code == 503
        assert "config.json" in answer.json()["reason"]
        assert str(tmp_path) not in answer.text
        there.symlink_to(model_dir)
        await until(lambda: service.reason is None, 120)
        assert (await client.post("/v1/audio/speech", json={"input": TEXT})).status_code == 200
