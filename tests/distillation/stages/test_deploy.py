"""Deployment: checked first, written to a temporary folder and renamed, other voices kept."""

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from safetensors import safe_open

from corpus.files import LOCK_NAME, folder_lock
from distillation import manifest, voicepack
from distillation.delivery import Delivery
from distillation.manifest import ManifestError, deployed_engine
from distillation.stages.base import StageError
from distillation.stages.deploy import deploy, deploy_locked
from distillation.voicepack import PackError, VoicePack
from tests.distillation.voices import stranger, student


@pytest.fixture
def packs(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / "packs" / f"{name}.pt" for name in ("neutral", "amable")}
    voicepack.save(stranger(), paths["neutral"])
    voicepack.save(student().stock_voice("pf_luz"), paths["amable"])
    return paths


def test_manifest_packs_and_environment_file_are_written(
    tmp_path: Path, packs: dict[str, Path]
) -> None:
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
    assert deployed_engine(voices) == "praat"
    assert deployed_engine(tmp_path) == ""
    assert {path.name for path in voices.iterdir()} == {
        "neutral.pt", "neutral.safetensors", "amable.pt", "amable.safetensors",
        "manifest.json", "tts.env", LOCK_NAME,
    }  # fmt: skip
    for voice in made.voices.values():
        path = voices / voice.safetensors
        assert voice.safetensors_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        with safe_open(path, framework="numpy") as tensors:
            assert tensors.metadata() == {"engine": "praat"}
            values = voicepack.load(voices / voice.file).data
            assert np.array_equal(tensors.get_tensor("voice"), values)


def test_a_second_deployment_keeps_the_other_voices(tmp_path: Path, packs: dict[str, Path]) -> None:
    voices = tmp_path / "voices"
    first = deploy({"neutral": packs["neutral"]}, voices_dir=voices, engine="praat")
    second = deploy({"amable": packs["amable"]}, voices_dir=voices, engine="praat")
    assert second.default == "neutral"
    assert second.voices["neutral"] == first.voices["neutral"]
    third = deploy({"amable": packs["amable"]}, voices_dir=voices, engine="praat", default="amable")
    assert third.default == "amable"
    assert "amable.pt" in (voices / "tts.env").read_text()


def test_each_deployment_sets_the_delivery_of_its_own_voices(
    tmp_path: Path, packs: dict[str, Path]
) -> None:
    voices, fitted = tmp_path / "voices", Delivery(speed=1.04, gain_db=-1.2)
    made = deploy(packs, voices_dir=voices, engine="praat", deliveries={"amable": fitted})
    assert made == manifest.read(voices)
    assert made.voices["amable"].delivery == fitted
    assert made.voices["neutral"].delivery.is_plain
    neutral = {"neutral": packs["neutral"]}
    assert deploy(neutral, voices_dir=voices, engine="praat").voices["amable"].delivery == fitted
    again = deploy(packs, voices_dir=voices, engine="praat")
    assert again.voices["amable"].delivery.is_plain


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
    assert [path.name for path in voices.iterdir()] == [LOCK_NAME]


def test_a_damaged_manifest_stops_deployment_until_it_is_moved_away(
    tmp_path: Path, packs: dict[str, Path]
) -> None:
    voices = tmp_path / "voices"
    deploy(packs, voices_dir=voices, engine="praat")
    damaged = voices / "manifest.json"
    damaged.write_text("{")
    with pytest.raises(ManifestError, match="rename it, then deploy every voice again"):
        deploy({"amable": packs["amable"]}, voices_dir=voices, engine="praat")
    assert damaged.read_text() == "{"
    damaged.rename(voices / "manifest.damaged")
    assert set(deploy(packs, voices_dir=voices, engine="praat").voices) == set(packs)


def kokoro(path: Path) -> Path:
    voicepack.save(VoicePack(student().stock_voice("pf_luz").data, "kokoro"), path)
    return path


def test_the_default_voice_changes_with_the_engine(tmp_path: Path, packs: dict[str, Path]) -> None:
    voices = tmp_path / "voices"
    deploy(packs, voices_dir=voices, engine="praat")
    pack = kokoro(tmp_path / "kokoro.pt")
    made = deploy({"empatico": pack}, voices_dir=voices, engine="kokoro")
    assert made.default == "empatico"
    assert set(made.voices) == {"neutral", "amable", "empatico"}
    assert (voices / "tts.env").read_text().splitlines() == [
        "TTS_BACKEND=kokoro",
        f"KOKORO_VOICE_PATH={voices / 'empatico.pt'}",
    ]
    assert deploy({"amable": pack}, voices_dir=voices, engine="kokoro").default == "empatico"
    back = {"amable": packs["amable"]}
    assert deploy(back, voices_dir=voices, engine="praat").default == "neutral"
    with pytest.raises(StageError, match=r"neutral.*no such voice of kokoro"):
        deploy({"amable": pack}, voices_dir=voices, engine="kokoro", default="neutral")


def test_a_deployment_waits_for_the_one_before(tmp_path: Path, packs: dict[str, Path]) -> None:
    voices = tmp_path / "voices"
    deploy(packs, voices_dir=voices, engine="praat")
    other = Thread(
        target=deploy,
        args=({"empatico": packs["amable"]},),
        kwargs={"voices_dir": voices, "engine": "praat"},
    )
    with folder_lock(voices):
        other.start()
        other.join(0.5)
        assert other.is_alive()
        deploy_locked({"formal": packs["neutral"]}, voices_dir=voices, engine="praat")
    other.join()
    deployed = manifest.read(voices)
    assert deployed
    assert set(deployed.voices) == {"neutral", "amable", "empatico", "formal"}


def test_the_next_deployment_may_be_by_another_user(tmp_path: Path) -> None:
    with folder_lock(tmp_path):
        assert (tmp_path / LOCK_NAME).stat().st_mode & 0o777 == 0o666


@contextmanager
def full_disk(bytes_left: int) -> Iterator[None]:
    """Let no file grow beyond this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("bytes_left", [100_000, 600_000])
def test_a_full_disk_leaves_the_deployed_voices_unchanged(
    bytes_left: int, tmp_path: Path, packs: dict[str, Path]
) -> None:
    voices = tmp_path / "voices"
    deploy(packs, voices_dir=voices, engine="praat")
    before = contents(voices)
    swapped = {"neutral": packs["amable"], "amable": packs["neutral"]}
    about = {"amable": {"notes": "x" * 600_000}}  # so that the manifest is what does not fit
    with full_disk(bytes_left), pytest.raises(OSError, match="too large"):
        deploy(swapped, voices_dir=voices, engine="praat", about=about)
    assert contents(voices) == before


def test_leftovers_of_a_killed_deployment_are_removed(
    tmp_path: Path, packs: dict[str, Path]
) -> None:
    voices = tmp_path / "voices"
    (voices / ".new").mkdir(parents=True)
    (voices / ".new" / "neutral.pt").write_bytes(b"half")
    deploy(packs, voices_dir=voices, engine="praat")
    assert not (voices / ".new").exists()
