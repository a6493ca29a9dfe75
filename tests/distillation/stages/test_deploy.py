"""Deployment: checked first, written beside and renamed, the others kept."""

import hashlib
from pathlib import Path

import pytest

from distillation import manifest, voicepack
from distillation.manifest import ManifestError
from distillation.stages.base import StageError
from distillation.stages.deploy import deploy
from distillation.voicepack import PackError
from tests.distillation.voices import stranger, student


@pytest.fixture
def packs(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / "packs" / f"{name}.pt" for name in ("neutral", "amable")}
    voicepack.save(stranger(), paths["neutral"])
    voicepack.save(student().stock_voice("pf_luz"), paths["amable"])
    return paths


def test_manifest_packs_and_env(tmp_path: Path, packs: dict[str, Path]) -> None:
    voices = tmp_path / "voices"
    about = {"neutral": {"run": 7, "style": "neutral"}}
    made = deploy(packs, voices_dir=voices, engine="praat", about=about)
    assert made == manifest.read(voices)
    assert made.default == "neutral"
    assert made.voices["neutral"].about == {"run": 7}
    for name, voice in made.voices.items():
        data = (voices / voice.file).read_bytes()
        assert voicepack.load(voices / voice.file, engine="praat").data.shape == (510, 1, 256)
        assert voice.sha256 == hashlib.sha256(data).hexdigest()
        assert voice.style == name
    assert (voices / "tts.env").read_text().splitlines() == [
        "TTS_BACKEND=praat",
        f"KOKORO_VOICE_PATH={voices / 'neutral.pt'}",
    ]
    assert {path.name for path in voices.iterdir()} == {
        "neutral.pt", "amable.pt", "manifest.json", "tts.env",
    }  # fmt: skip


def test_a_second_deployment_keeps_the_other_voices(tmp_path: Path, packs: dict[str, Path]) -> None:
    voices = tmp_path / "voices"
    first = deploy({"neutral": packs["neutral"]}, voices_dir=voices, engine="praat")
    second = deploy({"amable": packs["amable"]}, voices_dir=voices, engine="praat")
    assert second.default == "neutral"
    assert second.voices["neutral"] == first.voices["neutral"]
    third = deploy({"amable": packs["amable"]}, voices_dir=voices, engine="praat", default="amable")
    assert third.default == "amable"
    assert "amable.pt" in (voices / "tts.env").read_text()


def test_nothing_is_written_when_one_pack_is_bad(tmp_path: Path, packs: dict[str, Path]) -> None:
    voices = tmp_path / "voices"
    packs["amable"].write_bytes(b"no pack")
    with pytest.raises(PackError, match=r"amable\.pt"):
        deploy(packs, voices_dir=voices, engine="praat")
    with pytest.raises(PackError, match="kokoro"):
        deploy({"neutral": packs["neutral"]}, voices_dir=voices, engine="kokoro")
    with pytest.raises(StageError, match="no such voice"):
        deploy({"neutral": packs["neutral"]}, voices_dir=voices, engine="praat", default="empatico")
    with pytest.raises(StageError, match="no pack"):
        deploy({}, voices_dir=voices, engine="praat")
    assert not voices.exists()


def test_a_damaged_manifest_stops_deployment(tmp_path: Path, packs: dict[str, Path]) -> None:
    voices = tmp_path / "voices"
    voices.mkdir()
    (voices / "manifest.json").write_text("{")
    with pytest.raises(ManifestError):
        deploy(packs, voices_dir=voices, engine="praat")
    assert [path.name for path in voices.iterdir()] == ["manifest.json"]
