"""manifest.json, the list of deployed voices, read by the speech service.

Schema, `{directory}/manifest.json` (UTF-8)::

    {"version": 1,
     "default": "neutral",                      a key of "voices"
     "voices": {"neutral": {"file": "neutral.pt",         name inside the directory
                            "sha256": "9f2c…",            of the file, 64 hex digits
                            "safetensors": "neutral.safetensors", the same values; "" if none
                            "safetensors_sha256": "41ad…",
                            "engine": "praat",
                            "style": "neutral",           may be ""
                            "speed": 1.04,                0.8-1.25, of `delivery`; 1 if absent
                            "gain_db": -1.2,              -12 to +12; 0 if absent
                            "pitch_range": 1.1,           0.6-1.5; 1 if absent
                            "about": {…}}}}               free JSON: run, scores, when, by whom
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from corpus.files import write_json
from distillation.delivery import Delivery

NAME = "manifest.json"
ENV_NAME = "tts.env"
VERSION = 1
MEND = "mend it or put a copy of it back; or rename it, then deploy every voice again"
_TEXTS = ("file", "sha256", "engine", "style", "safetensors", "safetensors_sha256")
_KEYS: dict[str, type] = {**dict.fromkeys(_TEXTS, str), "about": dict}
_FIGURES = ("speed", "gain_db", "pitch_range")


class ManifestError(ValueError):
    """A manifest cannot be used; the message names the file and field."""


@dataclass(frozen=True, kw_only=True)
class ManifestVoice:
    """One deployed voice: its pack file, that file's SHA-256, its delivery and its provenance."""

    file: str
    sha256: str
    engine: str
    style: str = ""
    safetensors: str = ""
    safetensors_sha256: str = ""
    speed: float = 1.0
    gain_db: float = 0.0
    pitch_range: float = 1.0
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_file("file", self.file, self.sha256)
        if self.safetensors:
            _check_file("safetensors", self.safetensors, self.safetensors_sha256)
        if not self.engine:
            raise ManifestError("engine: name the engine the pack was made for")
        try:
            _ = self.delivery
        except ValueError as error:
            raise ManifestError(str(error)) from error

    @property
    def files(self) -> list[str]:
        """The names of its files in the directory."""
        return list(self.hashes)

    @property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each of its files."""
        known = {self.file: self.sha256, self.safetensors: self.safetensors_sha256}
        return {name: sha256 for name, sha256 in known.items() if name}

    @property
    def delivery(self) -> Delivery:
        """The speed, gain and pitch range it speaks with."""
        return Delivery(speed=self.speed, gain_db=self.gain_db, pitch_range=self.pitch_range)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The deployed voices by name, and the default voice."""

    default: str
    voices: dict[str, ManifestVoice]

    def __post_init__(self) -> None:
        if self.default not in self.voices:
            there = ", ".join(sorted(self.voices)) or "none"
            raise ManifestError(f"default: {self.default!r} is not among the voices ({there})")


def read(directory: str | Path) -> Manifest | None:
    """Return the manifest in the directory, or None if there is none.

    Raises
    ------
    ManifestError
        It is damaged, has another version, or a field is missing or wrong.
    """
    path = Path(directory) / NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: cannot be read ({error}); {MEND}.") from error
    try:
        return parse(json.loads(text))
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}; {MEND}.") from error
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: not JSON ({error}); {MEND}.") from error


def data_of(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest as JSON, which `parse` reads."""
    return {"version": VERSION, **asdict(manifest)}


def write(directory: str | Path, manifest: Manifest) -> Path:
    """Replace the manifest atomically."""
    directory = Path(directory)
    write_json(directory / NAME, data_of(manifest), sort_keys=True)
    return directory / NAME


def write_env(temporary: Path, folder: Path, deployed: Manifest | None, engine: str) -> None:
    """Write the speech service's variables as an env file for a process or container.

    It is written to `temporary` and names the default voice's file in `folder`.
    """
    lines = [f"TTS_BACKEND={engine}\n"]
    if deployed:
        voice = deployed.voices[deployed.default]
        path = (folder / voice.file).resolve()
        lines = [f"TTS_BACKEND={voice.engine}\n", f"KOKORO_VOICE_PATH={path}\n"]
    (temporary / ENV_NAME).write_text("".join(lines))
    (temporary / ENV_NAME).chmod(0o640)


def deployed_engine(voices_dir: str | Path) -> str:
    """Return the engine named in `tts.env`; empty if there is none."""
    try:
        text = (Path(voices_dir) / ENV_NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    named = dict(line.partition("=")[::2] for line in text.splitlines())
    return named.get("TTS_BACKEND", "").strip()


def _check_file(field: str, name: str, sha256: str) -> None:
    if not name or Path(name).name != name or name in (".", ".."):
        raise ManifestError(f"{field}: a plain file name wanted, not {name!r}")
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        hashed = "sha256" if field == "file" else f"{field}_sha256"
        raise ManifestError(f"{hashed}: 64 hex digits wanted, not {sha256!r}")


def parse(data: Any) -> Manifest:
    """Return the manifest in JSON; raise ManifestError naming the field that is wrong."""
    if not isinstance(data, dict):
        raise ManifestError("a JSON object wanted")
    if data.get("version") != VERSION:
        raise ManifestError(f"version: {VERSION} wanted, not {data.get('version')!r}")
    if not isinstance(data.get("default"), str):
        raise ManifestError("default: the name of a voice wanted")
    if not isinstance(data.get("voices"), dict):
        raise ManifestError("voices: an object of voices by name wanted")
    voices = {name: _parse_voice(name, voice) for name, voice in data["voices"].items()}
    return Manifest(default=data["default"], voices=voices)


def _parse_voice(name: str, data: Any) -> ManifestVoice:
    if not isinstance(data, dict):
        raise ManifestError(f"voices.{name}: an object wanted")
    for key in ("file", "sha256", "engine"):
        if key not in data:
            raise ManifestError(f"voices.{name}.{key}: missing")
    for key, kind in _KEYS.items():
        if key in data and not isinstance(data[key], kind):
            raise ManifestError(f"voices.{name}.{key}: {kind.__name__} wanted")
    if unknown := set(data) - {*_KEYS, *_FIGURES}:
        raise ManifestError(f"voices.{name}: unknown fields {', '.join(sorted(unknown))}")
    try:
        return ManifestVoice(**data)
    except ManifestError as error:
        raise ManifestError(f"voices.{name}.{error}") from error
