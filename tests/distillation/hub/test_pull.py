"""Model files from a local hub: fetched, resumed, verified, listed."""

import fcntl
import json
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from distillation import hub
from distillation.hub.sets import with_repo
from tests.conftest import REPOSITORY
from tests.processes import free_port
from tests.standins import kokoro_dir, standin_hub

WEIGHTS = bytes(range(256)) * 800  # 204,800 bytes
KOKORO = {
    "config.json": b'{"small": "so not in LFS"}',
    "kokoro-v1_0.pth": WEIGHTS,
    "voices/ef_dora.pt": b"d" * 2000,
    "voices/em_alex.pt": b"a" * 2000,
    "voices/af_heart.pt": b"h" * 2000,
}


@pytest.fixture
def server():
    with standin_hub() as server:
        server.repos[hub.KOKORO.repo] = dict(KOKORO)
        yield server


def pull(server, model_dir, voices=("ef_dora",)):
    files = hub.remote_files(hub.KOKORO, voices=voices, endpoint=server.url)
    return hub.pull(files, model_dir, endpoint=server.url)


def states(model_dir, **wanted):
    return {
        one.path.relative_to(model_dir).as_posix(): one.state
        for one in hub.check(hub.KOKORO, model_dir, **wanted)
    }


def test_the_named_files_are_downloaded_once(server, tmp_path):
    assert pull(server, tmp_path) == ["config.json", "kokoro-v1_0.pth", "voices/ef_dora.pt"]
    for name in ("config.json", "kokoro-v1_0.pth", "voices/ef_dora.pt"):
        assert (tmp_path / name).read_bytes() == KOKORO[name]
    assert set(states(tmp_path).values()) == {"ok"}
    server.asked.clear()
    assert pull(server, tmp_path, voices=None) == ["voices/af_heart.pt", "voices/em_alex.pt"]
    assert [path for path, _ in server.asked] == ["voices/af_heart.pt", "voices/em_alex.pt"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json", "kokoro-v1_0.pth", "voices", "models.json",
    }  # fmt: skip


def test_an_interrupted_download_continues_where_it_stopped(server, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    server.cut["kokoro-v1_0.pth"] = 70_000
    with pytest.raises(hub.HubError, match="HF_ENDPOINT") as caught:
        pull(server, tmp_path)
    assert caught.value.code == "no_network"
    assert not (tmp_path / "kokoro-v1_0.pth").exists()
    part = next((tmp_path / ".pull").glob("*.part"))
    size = part.stat().st_size
    assert 0 < size <= 70_000
    server.cut.clear()
    server.asked.clear()
    pull(server, tmp_path)
    assert ("kokoro-v1_0.pth", f"bytes={size}-") in server.asked
    assert (tmp_path / "kokoro-v1_0.pth").read_bytes() == WEIGHTS


@pytest.mark.parametrize("name", ["config.json", "kokoro-v1_0.pth"])
def test_a_file_with_the_wrong_hash_is_deleted(server, tmp_path, name):
    server.wrong.add(name)
    with pytest.raises(hub.HubError, match=name) as caught:
        pull(server, tmp_path)
    assert caught.value.code == "damaged"
    assert not (tmp_path / name).exists()
    assert not list((tmp_path / ".pull").iterdir())


def test_damage_is_found_without_the_hub_and_repaired_by_it(server, tmp_path):
    pull(server, tmp_path, voices=("ef_dora", "em_alex"))
    (tmp_path / "kokoro-v1_0.pth").write_bytes(WEIGHTS[:1000])
    (tmp_path / "voices/ef_dora.pt").write_bytes(b"x" * 2000)
    (tmp_path / "voices/em_alex.pt").unlink()
    (tmp_path / "voices/own.pt").write_bytes(b"by hand")
    assert states(tmp_path) == {
        "config.json": "ok", "kokoro-v1_0.pth": "damaged", "voices/ef_dora.pt": "damaged",
        "voices/em_alex.pt": "missing", "voices/own.pt": "unverified",
    }  # fmt: skip
    weights = next(one for one in hub.check(hub.KOKORO, tmp_path) if one.path.suffix == ".pth")
    assert "truncated: 1,000 of 204,800 bytes" in weights.note
    assert pull(server, tmp_path) == ["kokoro-v1_0.pth", "voices/ef_dora.pt"]


def test_every_missing_path_of_an_empty_folder_is_listed(tmp_path):
    found = hub.check(hub.KOKORO, tmp_path / "none", voices=("em_santa",))
    assert [one.path for one in found] == [
        tmp_path / "none" / name
        for name in ("config.json", "kokoro-v1_0.pth", "voices/em_santa.pt")
    ]
    assert {one.state for one in found} == {"missing"}
    assert all("huggingface.co/hexgrad/Kokoro-82M" in one.note for one in found)


def test_weights_without_voices_and_voices_without_weights_are_incomplete(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "kokoro-v1_0.pth").write_bytes(b"w")
    assert states(tmp_path)["voices"] == "missing"
    (tmp_path / "kokoro-v1_0.pth").unlink()
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices/ef_dora.pt").write_bytes(b"v")
    assert states(tmp_path) == {
        "config.json": "unverified", "kokoro-v1_0.pth": "missing",
        "voices/ef_dora.pt": "unverified",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["model_50.safetensors", "model_2000000.pt"])
def test_a_checkpoint_that_would_not_be_used_is_not_downloaded(server, tmp_path, monkeypatch, name):
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
    server.repos["charactr/vocos-mel-24khz"] = {"config.yaml": b"x: 1", "pytorch_model.bin": b"v"}
    server.repos["own/F5"] = {name: b"own", "vocab.txt": b"c\n"}
    (tmp_path / "f5").mkdir()
    (tmp_path / "f5" / "model_1250000.safetensors").write_bytes(b"spanish")
    (tmp_path / "f5" / "vocab.txt").write_bytes(b"a\n")
    with pytest.raises(CommandError, match=r"model_1250000\.safetensors exists and would be used"):
        call_command("models", "pull", "f5", "--repo", "own/F5", "--model-dir", str(tmp_path))
    assert (tmp_path / "f5" / "vocab.txt").read_bytes() == b"a\n"
    (tmp_path / "f5" / "model_1250000.safetensors").unlink()
    assert hub.in_the_way(hub.F5.parts[0], name, tmp_path) is None


def test_packs_next_to_the_weights_are_listed(tmp_path):
    for name in ("config.json", "kokoro-v1_0.pth", "ef_dora.pt"):
        (tmp_path / name).write_bytes(b"x")
    assert states(tmp_path, voices=("ef_dora",))["ef_dora.pt"] == "unverified"
    assert "missing" not in states(tmp_path).values()


def test_a_folder_that_cannot_be_written_is_reported(server, tmp_path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(hub.HubError, match="--model-dir") as caught:
        pull(server, tmp_path / "models")
    assert caught.value.code == "not_written"


def test_concurrent_pulls_do_not_write_to_one_file(server, tmp_path):
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(hub.HubError, match="wait until it ends") as caught:
        pull(server, tmp_path)
    os.close(handle)
    assert caught.value.code == "busy"
    assert pull(server, tmp_path)


def test_a_pull_of_f5_gets_the_highest_step_its_vocabulary_and_vocos(server, tmp_path):
    server.repos["jpgallegoar/F5-Spanish"] = {
        "model_900000.safetensors": b"old", "model_1200000.safetensors": b"new" * 1000,
        "model_1250000.pt": b"not this", "vocab.txt": b"a\nb\n",
    }  # fmt: skip
    server.repos["charactr/vocos-mel-24khz"] = {"config.yaml": b"x: 1", "pytorch_model.bin": b"v"}
    files = hub.remote_files(hub.F5, endpoint=server.url)
    assert hub.pull(files, tmp_path, endpoint=server.url) == [
        "f5/model_1200000.safetensors", "f5/vocab.txt", "f5/vocos/config.yaml",
        "f5/vocos/pytorch_model.bin",
    ]  # fmt: skip
    assert {one.state for one in hub.check(hub.F5, tmp_path)} == {"ok"}
    server.repos["own/F5"] = {"model_1.pt": b"1"}
    with pytest.raises(hub.HubError, match=r"own/F5 holds no vocab\.txt"):
        hub.remote_files(with_repo(hub.F5, "own/F5"), endpoint=server.url)


@pytest.mark.parametrize(
    ("repo", "voices", "code"),
    [("hexgrad/None", (), "no_repository"), (hub.KOKORO.repo, ("xx_no",), "unknown_voice")],
)
def test_a_file_missing_from_the_hub_is_reported(server, repo, voices, code):
    with pytest.raises(hub.HubError) as caught:
        hub.remote_files(with_repo(hub.KOKORO, repo), voices=voices, endpoint=server.url)
    assert caught.value.code == code


def test_the_error_of_an_unreachable_hub_names_the_alternatives():
    endpoint = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(hub.HubError, match="models check") as caught:
        hub.remote_files(hub.KOKORO, endpoint=endpoint)
    assert caught.value.code == "no_network"


def test_the_error_of_damaged_records_says_what_to_do(tmp_path):
    (tmp_path / "models.json").write_text("[]")
    with pytest.raises(hub.HubError, match="models pull") as caught:
        hub.check(hub.KOKORO, tmp_path)
    assert caught.value.code == "bad_records"


def test_the_command_says_what_is_missing_and_where(tmp_path, capsys):
    with pytest.raises(CommandError, match=r"kokoro: 3 of its files are missing or damaged\."):
        call_command("models", "check", "--model-dir", str(tmp_path))
    output = capsys.readouterr().out
    assert f"MISSING  {tmp_path / 'kokoro-v1_0.pth'}  put kokoro-v1_0.pth of" in output
    assert f"MISSING  {tmp_path / 'voices'}  no voice there" in output


def manage(*words, env):
    return subprocess.run(
        [sys.executable, "manage.py", "models", *words],
        cwd=REPOSITORY, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_command_pulls_from_hf_endpoint_and_loads_the_files(
    server, kokoro_files, tmp_path, monkeypatch
):
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("VOICELAB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TQDM_POSITION", "-1")  # a bar, though nobody looks
    env = dict(os.environ)
    server.repos[hub.KOKORO.repo] = kokoro_files
    done = manage("pull", "--voices", "ef_dora", env=env)
    assert done.returncode == 0, done.stderr
    assert "complete in" in done.stdout
    assert "kokoro-v1_0.pth" in done.stderr  # the bar
    weights = tmp_path / "models" / "kokoro-v1_0.pth"
    weights.write_bytes(weights.read_bytes()[:-9])
    again = manage("check", env=env)
    assert again.returncode == 1
    assert f"DAMAGED  {weights}  truncated" in again.stdout


@pytest.fixture(scope="module")
def kokoro_files(tmp_path_factory):
    folder = kokoro_dir(tmp_path_factory.mktemp("hub") / "model")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_records_are_plain_json(server, tmp_path):
    pull(server, tmp_path)
    noted = json.loads((tmp_path / "models.json").read_text())
    assert noted["config.json"]["repo"] == hub.KOKORO.repo
    assert set(noted["config.json"]) == {"repo", "revision", "size", "sha256", "source"}
