"""Stage deploy: brings voices into the speech service's folder and out of it, under a lock."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from corpus.files import folder_lock
from distillation import manifest, voicepack
from distillation.delivery import PLAIN, Delivery
from distillation.manifest import Manifest, ManifestVoice
from distillation.stages.base import StageError

TEMPORARY_NAME = ".new"
PLAIN_VOICE = "neutral"  # the default voice of engines that have it


def deploy(
    packs: Mapping[str, str | Path],
    *,
    voices_dir: str | Path,
    engine: str,
    default: str | None = None,
    about: Mapping[str, Mapping[str, Any]] | None = None,
    deliveries: Mapping[str, Delivery] | None = None,
) -> Manifest:
    """Lock the folder and put packs where the speech service finds them.

    Parameters and errors are those of `deploy_locked`.
    """
    with folder_lock(voices_dir):
        return deploy_locked(
            packs,
            voices_dir=voices_dir,
            engine=engine,
            default=default,
            about=about,
            deliveries=deliveries,
        )


def pack_in_service(voices_dir: str | Path, voice: str, engine: str) -> Path | None:
    """Return the deployed pack of a voice; None if there is none of this engine."""
    try:
        found = manifest.read(voices_dir)
    except manifest.ManifestError:
        return None
    row = found.voices.get(voice) if found else None
    path = Path(voices_dir) / row.file if row and row.engine == engine else None
    return path if path and path.is_file() else None


def deploy_locked(
    packs: Mapping[str, str | Path],
    *,
    voices_dir: str | Path,
    engine: str,
    default: str | None = None,
    about: Mapping[str, Mapping[str, Any]] | None = None,
    deliveries: Mapping[str, Delivery] | None = None,
) -> Manifest:
    """Put packs where the speech service finds them; the caller holds the folder's lock.

    Everything is read, checked and written to a temporary folder before the first file is
    renamed, so a full disk leaves the old set intact. Packs are renamed first, then the manifest,
    then `tts.env`: a service that reads in between finds packs that do not match the manifest and
    keeps the previous ones. Voices of earlier deployments are kept.

    Parameters
    ----------
    packs : mapping of voice name to path
        The voice of a style is named after the style.
    voices_dir : path
        The locked folder.
    engine : str
        The student all packs must be made for.
    default : str, optional
        Voice used when a request names none. By default the previous default if it belongs to
        this engine, else this engine's neutral voice, else the first of `packs`.
    about : mapping of voice name to JSON, optional
        Provenance of each voice, stored in the manifest. Its `style` becomes the voice's.
    deliveries : mapping of voice name to Delivery, optional
        What the service adds to each voice; nothing to those that are not named.

    Raises
    ------
    StageError
        `nothing_to_deploy`, `unknown_default`.
    PackError
        A pack cannot be used; the message contains its path.
    ManifestError
        The existing manifest is damaged.
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
    with _temporary_folder(folder) as temporary:
        voices = dict(before.voices) if before else {}
        for voice, pack in loaded.items():
            facts = dict((about or {}).get(voice, {}))
            delivery = (deliveries or {}).get(voice, PLAIN)
            voices[voice] = _write_pack(voice, pack, temporary, facts, delivery)
        after = Manifest(default=chosen, voices=voices)
        manifest.write(temporary, after)
        manifest.write_env(temporary, folder, after, engine)
        written = [name for voice in packs for name in voices[voice].files]
        for name in (*written, manifest.NAME, manifest.ENV_NAME):
            (temporary / name).replace(folder / name)
    return after


def retire_locked(voice: str, *, voices_dir: str | Path) -> Manifest | None:
    """Take a voice out of the folder; the caller holds its lock.

    The manifest goes first, so that a service which reads in between misses no file. If the voice
    was the default one, another of its engine is, else any. Nothing happens if it is not there.

    Returns
    -------
    Manifest or None
        None if no voice is left; the engine stays in `tts.env`.

    Raises
    ------
    ManifestError, OSError
        The manifest is damaged; the folder cannot be read or written.
    """
    folder = Path(voices_dir)
    before = manifest.read(folder)
    if before is None or voice not in before.voices:
        return before
    gone = before.voices[voice]
    voices = {name: one for name, one in before.voices.items() if name != voice}
    after = Manifest(default=_successor(before, voice), voices=voices) if voices else None
    with _temporary_folder(folder) as temporary:
        manifest.write_env(temporary, folder, after, gone.engine)
        if after:
            manifest.write(temporary, after)
            (temporary / manifest.NAME).replace(folder / manifest.NAME)
        else:
            (folder / manifest.NAME).unlink()
        (temporary / manifest.ENV_NAME).replace(folder / manifest.ENV_NAME)
    for name in gone.files:
        (folder / name).unlink(missing_ok=True)
    return after


def _default(before: str, engines: Mapping[str, str], engine: str, packs: list[str]) -> str:
    """Return the first voice, in order of preference, that the service's engine can speak."""
    return next(name for name in (before, PLAIN_VOICE, *packs) if engines.get(name) == engine)


def _successor(before: Manifest, voice: str) -> str:
    """Return the default voice once `voice` is gone: the same, or one of its engine first."""
    if before.default != voice:
        return before.default
    others = [name for name in before.voices if name != voice]
    engine = before.voices[voice].engine
    same = [name for name in others if before.voices[name].engine == engine]
    return next(name for name in (PLAIN_VOICE, *same, *others) if name in (same or others))


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    """Make a temporary subfolder, on the same disk; remove one left by a killed process."""
    temporary = folder / TEMPORARY_NAME
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_pack(
    voice: str,
    pack: voicepack.VoicePack,
    folder: Path,
    facts: dict[str, Any],
    delivery: Delivery,
) -> ManifestVoice:
    name, tensors = f"{voice}.pt", f"{voice}.safetensors"
    style = str(facts.pop("style", voice))
    return ManifestVoice(
        file=name,
        sha256=voicepack.save(pack, folder / name),
        safetensors=tensors,
        safetensors_sha256=voicepack.save_safetensors(pack, folder / tensors),
        engine=pack.engine,
        style=style,
        about=facts,
        **delivery.to_json(),
    )
