"""ASGI wrapper of Django: starts and stops the service, limits requests, passes the service on."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from distillation.engines import default_student
from voicelab import settings_tts as settings
from voicelab.tts.errors import ApiError
from voicelab.tts.intake import Disconnected, Message, Receive, Send, received, refuse
from voicelab.tts.middleware import SPEECH
from voicelab.tts.service import Config, Service

logger = logging.getLogger("voicelab.tts")
App = Callable[[Any, Any, Any], Awaitable[None]]
MOST_WORKERS = 4  # by default; measured on two processors only


class Application:
    """The speech service as one ASGI application.

    Parameters
    ----------
    django : ASGI application
        Handles the requests; finds the service in `request.scope["speech"]`.
    service : Service
        Started and stopped by ASGI lifespan events.
    max_body : int
        Largest request body, bytes.
    receive_s : float
        Time within which a body must arrive.
    """

    def __init__(
        self, django: App, service: Service, *, max_body: int, receive_s: float = 20.0
    ) -> None:
        self.service = service
        self._django = django
        self._max_body = max_body
        self._receive_s = receive_s

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer({**scope, "speech": self.service}, receive, send)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            body = await received(scope, receive, max_body=self._max_body, within_s=self._receive_s)
        except ApiError as error:
            if scope["path"] == SPEECH:
                self.service.metrics.requests.labels(error.status).inc()
            await refuse(error, receive, send)
        except Disconnected:
            pass
        else:
            await self._through_django(scope, body, send)

    async def _through_django(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            await self._django(scope, receive, send)
        except ApiError as error:  # after the first bytes: the server closes the connection
            logger.error("speech interrupted: %s", error)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.service.start()
            else:
                await self.service.stop()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def processors() -> int:
    """Return the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def config() -> Config:
    """Build the service's configuration from the settings."""
    path = settings.KOKORO_VOICE_PATH
    return Config(
        backend=settings.TTS_BACKEND or default_student(settings.MODEL_DIR, voices=1),
        voices_dir=settings.VOICES_DIR,
        model_dir=settings.MODEL_DIR,
        voice_file=Path(path) if path else None,
        waiting=settings.TTS_QUEUE,
        max_chars=settings.TTS_MAX_CHARS,
        timeout_s=settings.TTS_TIMEOUT_S,
        threads=settings.TTS_THREADS,
        workers=settings.TTS_WORKERS or min(MOST_WORKERS, processors()),
        precision=settings.TTS_PRECISION,
        api_keys=tuple(settings.TTS_API_KEYS),
        reload_s=settings.TTS_RELOAD_S,
        apply_delivery=settings.TTS_APPLY_DELIVERY,
        voice_names=settings.TTS_VOICE_NAMES,
        language=settings.TTS_LANGUAGE,
        cors_origins=tuple(settings.TTS_CORS_ORIGINS),
        port=settings.TTS_PORT,
        shared=settings.SHARED_VOICES,
    )
