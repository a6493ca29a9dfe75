"""Target clips a person chooses for a style: accepted takes or uploaded audio files."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from corpus.audio.io import decode, encode_wav
from corpus.audio.types import AudioError
from corpus.files import sha256
from corpus.models import Recording
from distillation.stages.reference import CLIP_MAX_S, clip_check
from distillation.stages.target_warnings import TargetWarning, target_warnings

FOLDER = "targets"
NAMED = 12  # length of the digest prefix in a clip's name


class Clip(NamedTuple):
    """An audio file in the storage, and the style it is a target for."""

    style: str
    name: str
    sha256: str
    text: str = ""  # if known
    speaker: str = ""  # of a take; unknown of an uploaded clip
    warnings: tuple[TargetWarning, ...] = ()  # of a clip uploaded just now


def clip_store(*, style: str, file: BinaryIO, filename: str) -> Clip:
    """Store an uploaded audio file as mono WAV, named by its content.

    Raises
    ------
    AudioError
        It is not audio, too long, or contains too little speech to identify a voice.
    """
    audio = decode(file, max_bytes=settings.MAX_UPLOAD_BYTES, max_seconds=CLIP_MAX_S)
    clip_check(audio)
    data = encode_wav(audio)
    digest = sha256(data)
    stem = re.sub(r"[^\w-]+", "-", PurePath(filename).stem)[:40].strip("-") or "clip"
    name = f"{FOLDER}/{style}/{stem}-{digest[:NAMED]}.wav"
    if default_storage.exists(name) and _digest(name) != digest:
        default_storage.delete(name)  # damaged since it was first uploaded
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(data))
    return Clip(style, name, digest, warnings=target_warnings([audio]))


def clips_there() -> list[str]:
    """Return the names of the clips uploaded so far, sorted by style and name."""
    return [
        f"{FOLDER}/{style}/{file}"
        for style in sorted(default_storage.listdir(FOLDER)[0])
        for file in sorted(default_storage.listdir(f"{FOLDER}/{style}")[1])
    ]


def clip_again(name: str) -> Clip:
    """Return a previously uploaded clip.

    Raises
    ------
    AudioError
        `damaged`: its content no longer matches the digest in its name.
    """
    digest = _digest(name)
    if PurePath(name).stem.rpartition("-")[2] != digest[:NAMED]:
        raise AudioError("damaged", f"{name} is not what was sent.")
    return Clip(name.split("/")[1], name, digest)


def clip_of_take(take: Recording) -> Clip:
    return Clip(
        take.style.key, str(take.wav.name), take.sha256, take.sentence.text, take.speaker.name
    )


def by_style(clips: Iterable[Clip]) -> dict[str, tuple[Clip, ...]]:
    """Group clips by style, without duplicates."""
    grouped: dict[str, dict[str, Clip]] = defaultdict(dict)
    for clip in clips:
        grouped[clip.style].setdefault(clip.sha256, clip)
    return {style: tuple(of_style.values()) for style, of_style in grouped.items()}


def clips_warnings(clips: Iterable[Clip]) -> Iterator[tuple[str, TargetWarning]]:
    """Yield file and warning of clips uploaded just now; too short only for a style's only clip."""
    for of_style in by_style(clips).values():
        for clip in of_style:
            for warning in clip.warnings:
                if warning.code != "target_short" or len(of_style) == 1:
                    yield PurePath(clip.name).name, warning


def _digest(name: str) -> str:
    with default_storage.open(name) as file:
        return sha256(file.read())
