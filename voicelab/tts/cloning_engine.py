"""F5 as the service's engine: its voices are prompts, from a folder or from the request."""

from __future__ import annotations

import base64
import tempfile
import threading
from pathlib import Path
from typing import Any, ClassVar

from corpus.audio.io import decode, write_wav
from corpus.audio.types import Audio, AudioError
from corpus.files import sha256
from distillation import engines
from distillation.engines.base import EngineError, Options, Prompt, Student
from distillation.engines.f5.teacher import F5Teacher
from voicelab.tts.errors import ApiError

FOLDER = "f5/prompts"  # in the model folder: NAME.wav and its transcript NAME.txt
KEPT = 64  # cached prompts from requests
PROMPT_FAULTS = (
    *("no_transcript", "bad_take"),
    *("prompt_too_short", "prompt_too_long", "prompt_pace"),
)


class PromptVoices:
    """Adapts a teacher to the student interface: its stock voices are prompts.

    Parameters
    ----------
    model_dir : path
        Contains `f5` with F5's files and the prompts.
    """

    name: ClassVar[str] = "f5"
    max_phonemes = 510  # the engine splits texts by duration itself
    weights = ""  # never used in a search

    def __init__(self, *, model_dir: str | Path) -> None:
        self._teacher = F5Teacher(model_dir=model_dir)
        self._folder = Path(model_dir) / FOLDER
        self._sent = tempfile.TemporaryDirectory(prefix="prompts-")
        self._kept: dict[Path, None] = {}
        self._lock = threading.Lock()
        self.sr = F5Teacher.sr

    @property
    def device(self) -> str:
        return self._teacher.device

    def synthesize(self, text: str, condition: Any, *, speed: float = 1.0, seed: int = 0) -> Audio:
        """Speak in the voice of the prompt `condition`; see `F5Teacher.synthesize`."""
        return self._teacher.synthesize(text, condition, speed=speed, seed=seed)

    def phoneme_count(self, text: str) -> int:
        return len(text)

    def stock_voices(self) -> tuple[str, ...]:
        """Names of the prompts in the folder that have a transcript."""
        return tuple(
            path.stem for path in sorted(self._folder.glob("*.wav"))
            if path.with_suffix(".txt").is_file()
        )  # fmt: skip

    def stock_voice(self, name: str) -> Any:
        """Return the prompt called `name`; raise EngineError `missing_voice` if there is none."""
        path = self._folder / f"{name}.wav"
        try:
            words = path.with_suffix(".txt").read_text(encoding="utf-8")
        except OSError as error:
            raise EngineError("missing_voice", f"{path} or its transcript is missing.") from error
        return Prompt(style=name, audio=path, transcript=words)

    def sent(self, sound: str, words: str | None) -> Prompt:
        """Return the prompt of a request: a base64 audio file and its transcript.

        Raises
        ------
        ApiError
            400, naming the field.
        """
        if not words or not words.strip():
            raise _refused("reference_text", "the transcript of reference_audio is needed")
        try:
            data = base64.b64decode(sound, validate=True)
            path = Path(self._sent.name) / f"{sha256(data)}.wav"
            with self._lock:
                if path not in self._kept:
                    write_wav(path, decode(data))
                self._keep(path)
        except (ValueError, AudioError) as error:  # invalid base64 or non-ASCII
            raise _refused("reference_audio", str(error)) from error
        return Prompt(style="reference", audio=path, transcript=words)

    def _keep(self, path: Path) -> None:
        """Mark a prompt as most recently used and evict the oldest beyond `KEPT`.

        The files must outlive this call: a request may wait in the queue before it is spoken.
        """
        self._kept.pop(path, None)
        self._kept[path] = None
        for old in list(self._kept)[:-KEPT]:
            del self._kept[old]
            old.unlink(missing_ok=True)


def speaking(name: str, options: Options) -> Student:
    """Create the engine called `name`: a student, or the teacher f5 adapted to one."""
    if name == PromptVoices.name:
        made: Student = PromptVoices(**options)
        return made
    return engines.student(name, options)


def _refused(param: str, why: str) -> ApiError:
    return ApiError(400, f"{param}: {why}", code="bad_reference", param=param)
