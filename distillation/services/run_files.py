"""A run's files in the media: names, paths, whether they are intact; a style's workspace."""

from collections.abc import Iterable
from functools import cached_property
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from django.utils.translation import gettext as _

from corpus.audio.io import read_wav
from corpus.audio.types import Audio, AudioError
from corpus.files import sha256
from corpus.storage import media
from distillation.models import StyleRun, VoicePack
from distillation.services.errors import RunError
from distillation.stages.clips import clip_path

KINDS = {"start": VoicePack.Kind.START, "evolved": VoicePack.Kind.EVOLVED}


def media_path(name: str | None) -> Path:
    """Return where a file of the media is written on this machine; `media.publish` stores it."""
    return Path(media.path(name or ""))


def media_file(name: str | None) -> Path:
    """Return the path of a file of the media, for reading; it may be missing."""
    return media.fetch(name) if name else media_path(name)


def sound_read(name: str) -> Audio:
    """Read a WAV of the media without a copy on this machine; AudioError if it is not there."""
    try:
        with media.open(name) as file:
            content = BytesIO(file.read())
    except FileNotFoundError as error:
        raise AudioError("not_audio", f"{name}: no such file.") from error
    return read_wav(content, name)


def audio_name(run_id: int) -> str:
    """Return the name of the folder of held-out sentences spoken for validation."""
    return f"runs/{run_id}/validation/audio"


def held_out_name(run_id: int, style: str, number: int, who: str) -> str:
    return f"{audio_name(run_id)}/{style}/{number}-{who}.wav"


def sample_name(pack: VoicePack) -> str:
    """Return the name of the pack's audio sample, saved next to the pack."""
    name = pack.file.name
    return PurePosixPath(name).with_suffix(".wav").as_posix() if name else ""


def clip_name(target: str | None, number: int) -> str:
    """Return the name of a target's clip, counted from 1; empty without a target."""
    return clip_path(PurePosixPath(target), number).as_posix() if target else ""


def field_path(row: Any, field: str, filename: str = "") -> tuple[str, Path]:
    """Return the name a row's file field generates for a new file, and its path."""
    name = row._meta.get_field(field).generate_filename(row, filename)
    path = media_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    return name, path


def files_delete(names: Iterable[str]) -> None:
    for name in filter(None, names):
        media.delete(name)


def checkpoint_read(style_run: StyleRun) -> bytes | None:
    """Return the last checkpoint, None before the first; raise RunError if it is damaged."""
    if not style_run.checkpoint:
        return None
    path = media_file(style_run.checkpoint.name)
    data = path.read_bytes() if path.exists() else b""
    if sha256(data) != style_run.checkpoint_sha256:
        raise RunError(
            "checkpoint_damaged",
            _("%(style)s: the checkpoint %(name)s is gone or damaged; “Retry” evolves it anew.")
            % {"style": style_run.style, "name": style_run.checkpoint.name},
        )
    return data


class MediaWorkspace:
    """One style's files in the media storage, under the names stored in its rows."""

    def __init__(self, style_run: StyleRun) -> None:
        self._style_run = style_run
        self.target_name = str(style_run.target.name or field_path(style_run, "target")[0])

    @cached_property
    def target(self) -> Path:
        """The target; it is written after it was first asked for, so it is fetched only then."""
        name = PurePosixPath(self.target_name)
        return media.fetch_folder(name.parent.as_posix()) / name.name

    @property
    def target_texts(self) -> tuple[str, ...]:
        return tuple((self._style_run.target_info or {}).get("texts", ()))

    @property
    def joined_prompt(self) -> Path:
        return self.target.with_name("prompt.wav")

    @property
    def audio_dir(self) -> Path:
        return media_path(audio_name(self._style_run.run_id))

    def input(self, name: str) -> Path:
        return media_file(name)

    def pack(self, kind: str) -> Path:
        row = self._style_run.packs.get(kind=KINDS[kind])
        return media_file(row.file.name)

    def publish_target(self) -> None:
        media.publish(PurePosixPath(self.target_name).parent.as_posix())

    def publish_audio(self) -> None:
        media.publish(f"{audio_name(self._style_run.run_id)}/{self._style_run.style}")

    def of_style(self, style: str) -> "MediaWorkspace":
        return MediaWorkspace(self._style_run.run.style_runs.get(style=style))
