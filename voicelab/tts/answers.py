"""What a request may get besides sound: server-sent events, captions, phonemes."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

from distillation.engines.base import CaptioningStudent, EngineError, PhonemeStudent, Student
from distillation.voicepack import PackError
from voicelab.tts.errors import SERVER, ApiError, without_paths
from voicelab.tts.schemas import PhonemizeOut
from voicelab.tts.speaker import Job, Utterance

MEDIA_TYPE = "text/event-stream"
BYTES = 24_000  # of audio in one event: 32 KB of base64, within the line limit of common readers
TOKENS_PER_S = 20  # of the usage: what OpenAI's models count for a second of audio, about


class EventStream:
    """The events of one job: `speech.audio.delta` for its bytes, then `speech.audio.done`.

    An error after the first event is an event `error`, since the status is sent by then.

    Parameters
    ----------
    job : Job
        Opened.
    characters : int
        Of the text; the usage counts each as an input token.
    """

    def __init__(self, job: Job, characters: int) -> None:
        self._job = job
        self._characters = characters

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._job:
                for start in range(0, len(part), BYTES):
                    audio = base64.b64encode(part[start : start + BYTES]).decode()
                    yield _event("speech.audio.delta", audio=audio)
        except (ApiError, EngineError, PackError) as error:
            yield _event("error", **_body(error))
            return
        yield _event("speech.audio.done", usage=self._usage())

    def close(self) -> None:
        """Free the job's place."""
        self._job.close()

    def _usage(self) -> dict[str, int]:
        spoken = round(self._job.audio_s * TOKENS_PER_S)
        return {
            "input_tokens": self._characters,
            "output_tokens": spoken,
            "total_tokens": self._characters + spoken,
        }


class CaptionStream:
    """The lines of one job: JSON objects with sound and words, as Kokoro-FastAPI sends them.

    An error after the first line is a line with `error`.

    Parameters
    ----------
    job : Job
        Opened.
    media_type : str
        Of its sound.
    timed : bool
        Whether words are sent; without them `timestamps` is null.
    """

    def __init__(self, job: Job, media_type: str, *, timed: bool) -> None:
        self._job = job
        self._media_type = media_type
        self._timed = timed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._job:
                yield json.dumps(self.line(part), ensure_ascii=False).encode() + b"\n"
        except (ApiError, EngineError, PackError) as error:
            yield json.dumps(_body(error)).encode() + b"\n"

    def line(self, part: bytes) -> dict[str, Any]:
        """Return some bytes of sound, and the words spoken since the last call."""
        words = [
            {"word": one.word, "start_time": round(one.start_s, 4), "end_time": round(one.end_s, 4)}
            for one in self._job.take_words()
        ]
        return {
            "audio": base64.b64encode(part).decode(),
            "audio_format": self._media_type,
            "timestamps": words if self._timed else None,
        }

    def close(self) -> None:
        """Free the job's place."""
        self._job.close()


def _body(error: ApiError | EngineError | PackError) -> dict[str, Any]:
    if isinstance(error, ApiError):
        return error.body
    return ApiError(500, without_paths(error), code=error.code, kind=SERVER).body


def _event(kind: str, **content: Any) -> bytes:
    return f"data: {json.dumps({'type': kind, **content})}\n\n".encode()


def check_kind(utterance: Utterance) -> None:
    """Raise ApiError 400 if the engine cannot give captions, or speak these phonemes."""
    student = utterance.student
    if utterance.kind == "captions" and not isinstance(student, CaptioningStudent):
        raise _not_known(student, "when it speaks a word", "return_timestamps")
    if utterance.kind == "phonemes":
        try:
            _with_phonemes(student, "phonemes").check_phonemes(utterance.text)
        except EngineError as error:
            raise _refused(error, "phonemes") from error


def phonemized(student: Student, text: str) -> PhonemizeOut:
    """Return the phonemes of a text; raise ApiError 400 if it has none."""
    engine = _with_phonemes(student, "text")
    try:
        phonemes = engine.phonemes(text)
    except EngineError as error:
        raise _refused(error, "text") from error
    return PhonemizeOut(phonemes=phonemes, tokens=engine.tokens(phonemes))


def _with_phonemes(student: Student, param: str) -> PhonemeStudent:
    if not isinstance(student, PhonemeStudent):
        raise _not_known(student, "phonemes", param)
    return student


def _not_known(student: Student, what: str, param: str) -> ApiError:
    message = f"{param}: {student.name} does not tell {what}; TTS_BACKEND=kokoro does."
    return ApiError(400, message, code="not_supported", param=param)


def _refused(error: EngineError, param: str) -> ApiError:
    return ApiError(400, f"{param}: {error}", code=error.code, param=param)
