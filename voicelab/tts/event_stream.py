"""Speech as server-sent events, as OpenAI's `stream_format: sse` has it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

from distillation.engines.base import EngineError
from distillation.voicepack import PackError
from voicelab.tts.errors import SERVER, ApiError, without_paths
from voicelab.tts.speaker import Job

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
        except ApiError as error:
            yield _event("error", **error.body)
            return
        except (EngineError, PackError) as error:
            failed = ApiError(500, without_paths(error), code=error.code, kind=SERVER)
            yield _event("error", **failed.body)
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


def _event(kind: str, **content: Any) -> bytes:
    return f"data: {json.dumps({'type': kind, **content})}\n\n".encode()
