"""Stage deploy: packs, manifest and tts.env into the speech service's folder, one at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from distillation import manifest, voicepack
from distillation.manifest import Manifest, ManifestVoice
from distillation.stages.base import StageError

ENV_NAME = "tts.env"
TURN_NAME = ".turn"
BESIDE_NAME = ".new"
PLAIN_VOICE = "neutral"  # speaks when none is asked for, where an engine has it


@contextmanager
def turn(voices_dir: str | Path) -> Iterator[None]:
    """Hold the folder against every other deployment, made if it is not there; wait for it.

    By `flock` on a file in it, which a killed process lets go. Over NFS it holds between
    machines too, unless the folder is mounted with local locks only.
    """
    folder = Path(voices_dir)
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / TURN_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with suppress(PermissionError):  # another user made it, who did this then
            os.fchmod(handle, 0o666)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def deploy(
    packs: Mapping[str, str | Path],
    *,
    voices_dir: str | Path,
    engine: str,
    default: str | None = None,
    about: Mapping[str, Mapping[str, Any]] | None = None,
) -> Manifest:
    """Take the folder's turn and put packs where the speech service finds them.

    Parameters and errors are those of `deploy_in_turn`.
    """
    with turn(voices_dir):
        return deploy_in_turn(
            packs, voices_dir=voices_dir, engine=engine, default=default, about=about
        )


def deploy_in_turn(
    packs: Mapping[str, str | Path],
    *,
    voices_dir: str | Path,
    engine: str,
    default: str | None = None,
    about: Mapping[str, Mapping[str, Any]] | None = None,
) -> Manifest:
    """Put packs where the speech service finds them; the caller holds the folder's turn.

    Everything is read, checked and written beside before the first file is renamed: a full disk
    leaves the old set. Packs are renamed first, then the manifest, then `tts.env`: a service that
    reads in between finds packs that are not the manifest's and keeps those before. Voices of an
    earlier deployment stay.

    Parameters
    ----------
    packs : mapping of voice name to path
        A style's voice has the style's name.
    voices_dir : path
        The folder whose turn is held.
    engine : str
        The student all packs must be made for.
    default : str, optional
        Voice that speaks when none is asked for; by default the one that was if it is of this
        engine, else this engine's neutral voice, else the first of these.
    about : mapping of voice name to JSON, optional
        Where each voice came from; kept in the manifest. Its `style` becomes the voice's.

    Raises
    ------
    StageError
        `nothing_to_deploy`, `unknown_default`.
    PackError
        A pack that cannot be used, with its path.
    ManifestError
        The manifest there is damaged.
    OSError
        The folder cannot be read or written.
    """
    if not packs:
        raise StageError("nothing_to_deploy", "there is no pack to deploy.")
    loaded = {voice: voicepack.load(path, engine=engine) for voice, path in packs.items()}
    folder = Path(voices_dir)
    before = manifest.read(folder)
    engines = {name: voice.engine for name, voice in before.voices.items()} if before else {}
    engines |= dict.fromkeys(packs, engine)
    chosen = default or _default(before.default if before else "", engines, engine, list(packs))
    if engines.get(chosen) != engine:
        raise StageError("unknown_default", f"default voice {chosen!r}: no such voice of {engine}.")
    with _beside(folder) as beside:
        voices = dict(before.voices) if before else {}
        for voice, pack in loaded.items():
            facts = dict((about or {}).get(voice, {}))
            voices[voice] = _write_pack(voice, pack, beside, facts)
        after = Manifest(default=chosen, voices=voices)
        manifest.write(beside, after)
        _write_env(beside, folder, after)
        for name in (*(voices[voice].file for voice in packs), manifest.NAME, ENV_NAME):
            (beside / name).replace(folder / name)
    return after


def deployed_engine(voices_dir: str | Path) -> str:
    """Return the engine that `tts.env` names; empty where there is none."""
    try:
        text = (Path(voices_dir) / ENV_NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    named = dict(line.partition("=")[::2] for line in text.splitlines())
    return named.get("TTS_BACKEND", "").strip()


def _default(before: str, engines: Mapping[str, str], engine: str, packs: list[str]) -> str:
    """Return the first of the voices to prefer that the service can speak with."""
    return next(name for name in (before, PLAIN_VOICE, *packs) if engines.get(name) == engine)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Make a folder in the folder, on the same disk; what a killed process left of it goes."""
    beside = folder / BESIDE_NAME
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write_pack(
    voice: str, pack: voicepack.VoicePack, folder: Path, facts: dict[str, Any]
) -> ManifestVoice:
    name = f"{voice}.pt"
    sha256 = voicepack.save(pack, folder / name)
    style = str(facts.pop("style", voice))
    return ManifestVoice(file=name, sha256=sha256, engine=pack.engine, style=style, about=facts)


def _write_env(beside: Path, folder: Path, deployed: Manifest) -> None:
    """Write the speech service's two variables, for an env file of a process or container."""
    voice = deployed.voices[deployed.default]
    path = (folder / voice.file).resolve()
    (beside / ENV_NAME).write_text(f"TTS_BACKEND={voice.engine}\nKOKORO_VOICE_PATH={path}\n")
    (beside / ENV_NAME).chmod(0o644)
