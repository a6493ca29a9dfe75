"""ASGI wrapper of Django: starts and stops the service, limits bodies, passes the service on."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from distillation.engines import default_student
from voicelab import settings_tts as settings
from voicelab.tts.errors import ApiError
from voicelab.tts.service import Config, Service

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


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
    """

    def __init__(self, django: App, service: Service, *, max_body: int) -> None:
        self.service = service
        self._django = django
        self._max_body = max_body

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer({**scope, "speech": self.service}, receive, send)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        left = self._max_body

        async def bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            return message if left >= 0 else {"type": "http.disconnect"}

        await self._django(scope, bounded, send)
        if left < 0:
            await _refuse(self._max_body, send)

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
        precision=settings.TTS_PRECISION,
        api_keys=tuple(settings.TTS_API_KEYS),
        reload_s=settings.TTS_RELOAD_S,
        apply_delivery=settings.TTS_APPLY_DELIVERY,
        voice_names=settings.TTS_VOICE_NAMES,
        cors_origins=tuple(settings.TTS_CORS_ORIGINS),
        port=settings.TTS_PORT,
    )


async def _refuse(limit: int, send: Send) -> None:
    error = ApiError(413, f"The body is larger than {limit // 1024} KiB.", code="body_too_large")
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(error.body).encode()})
