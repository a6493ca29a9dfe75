"""Keeps what the demo's speaker said, beside the models: the next demo need not speak it again."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.audio.types import Audio
from corpus.files import sha256_of_json, write_bytes
from distillation.stages.voice_atlas import DAMAGED
from voicelab.demo.speakers import DemoSpeaker, NaturalSpeaker

FOLDER = "demo_takes"


@dataclass(frozen=True)
class KeepingSpeaker:
    """A demo speaker whose takes are kept as files, each named by the hash of what it depends on.

    Parameters
    ----------
    voice : DemoSpeaker
        Speaks what is not kept yet.
    folder : path
        Takes are spoken anew each time if it cannot be written.
    fingerprint : str
        Hash of all else that its takes depend on.
    """

    voice: DemoSpeaker
    folder: Path
    fingerprint: str

    @property
    def name(self) -> str:
        return self.voice.name

    @property
    def engine(self) -> str:
        return self.voice.engine

    def speak(self, text: str, style: str, *, seed: int) -> Audio:
        return next(self.speak_all([(text, style)], seed=seed))

    def speak_all(self, lines: Sequence[tuple[str, str]], *, seed: int) -> Iterator[Audio]:
        paths = [self._path(line, seed) for line in lines]
        kept = [_read(path) for path in paths]
        missing = [line for line, audio in zip(lines, kept, strict=True) if audio is None]
        spoken = self.voice.speak_all(missing, seed=seed)
        for path, audio in zip(paths, kept, strict=True):
            if audio is None:
                audio = next(spoken)
                _store(path, audio)
            yield audio

    def _path(self, line: tuple[str, str], seed: int) -> Path:
        key = sha256_of_json([self.fingerprint, *line, seed])
        return self.folder / f"{key[:32]}.npz"


def keeping(voice: DemoSpeaker, models: Path) -> DemoSpeaker:
    """Return a natural speaker that keeps its takes beside the models; another one as it is."""
    if not isinstance(voice, NaturalSpeaker):
        return voice  # speaks faster than files are hashed
    return KeepingSpeaker(voice, models / FOLDER, voice.fingerprint)


def _read(path: Path) -> Audio | None:
    with suppress(*DAMAGED):
        npz = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        return Audio(npz["y"], int(npz["sr"]))
    return None


def _store(path: Path, audio: Audio) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, y=audio.y, sr=np.array(audio.sr))
    with suppress(OSError):
        write_bytes(path, buffer.getvalue())
