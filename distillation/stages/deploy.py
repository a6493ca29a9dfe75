"""Stage deploy: packs and manifest into the speech service's folder, each beside and renamed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distillation import manifest, voicepack
from distillation.manifest import Manifest, ManifestVoice
from distillation.stages.base import StageError

ENV_NAME = "tts.env"


def deploy(
    packs: Mapping[str, str | Path],
    *,
    voices_dir: str | Path,
    engine: str,
    default: str | None = None,
    about: Mapping[str, Mapping[str, Any]] | None = None,
) -> Manifest:
    """Put packs where the speech service finds them.

    Every pack is read and checked before anything is written. Packs are written first, each
    beside and renamed, then the manifest, then `tts.env`: a service that reads at any moment
    sees the old set or the new one. Voices of an earlier deployment stay.

    Parameters
    ----------
    packs : mapping of voice name to path
        A style's voice has the style's name.
    voices_dir : path
        Made if it is not there.
    engine : str
        The student all packs must be made for.
    default : str, optional
        Voice that speaks when none is asked for; by default the one that was, or the first.
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
    """
    if not packs:
        raise StageError("nothing_to_deploy", "there is no pack to deploy.")
    voices_dir = Path(voices_dir)
    for path in packs.values():
        voicepack.load(path, engine=engine)
    before = manifest.read(voices_dir)
    kept = dict(before.voices) if before else {}
    chosen = default or (before.default if before else next(iter(packs)))
    if chosen not in kept and chosen not in packs:
        raise StageError("unknown_default", f"default voice {chosen!r}: no such voice to deploy.")
    voices_dir.mkdir(parents=True, exist_ok=True)
    for voice, path in packs.items():
        facts = dict((about or {}).get(voice, {}))
        kept[voice] = _place(voice, Path(path), voices_dir, engine, facts)
    after = Manifest(default=chosen, voices=kept)
    manifest.write(voices_dir, after)
    _write_env(voices_dir, after)
    return after


def _place(
    voice: str, path: Path, voices_dir: Path, engine: str, facts: dict[str, Any]
) -> ManifestVoice:
    name = f"{voice}.pt"
    sha256 = voicepack.save(voicepack.load(path, engine=engine), voices_dir / name)
    style = str(facts.pop("style", voice))
    return ManifestVoice(file=name, sha256=sha256, engine=engine, style=style, about=facts)


def _write_env(voices_dir: Path, deployed: Manifest) -> None:
    """Write the speech service's two variables, for an env file of a process or container."""
    voice = deployed.voices[deployed.default]
    lines = (
        f"TTS_BACKEND={voice.engine}",
        f"KOKORO_VOICE_PATH={(voices_dir / voice.file).resolve()}",
    )
    with tempfile.NamedTemporaryFile("w", dir=voices_dir, delete=False) as file:
        file.write("\n".join(lines) + "\n")
    Path(file.name).chmod(0o644)
    Path(file.name).replace(voices_dir / ENV_NAME)
