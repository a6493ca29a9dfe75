"""Uvicorn's HTTP protocol with a deadline for request heads, and errors in OpenAI's format."""

from __future__ import annotations

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from voicelab import settings_tts as settings
from voicelab.tts.errors import ApiError


class SpeechProtocol(H11Protocol):
    """Closes connections whose head does not arrive in time, however slowly bytes trickle in."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._set_head_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._set_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        self._refuse(ApiError(400, msg, code="invalid_http"))

    def _set_head_timer(self) -> None:
        """Run the timer while a head is awaited, from its first byte or from the connection's."""
        if self.conn.their_state is not h11.IDLE:
            self._stop_head_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(settings.TTS_RECEIVE_S, self._head_is_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        limit = f"{settings.TTS_RECEIVE_S:g} s"
        self._refuse(
            ApiError(
                408, f"The request's head did not arrive within {limit}.", code="request_timeout"
            )
        )

    def _refuse(self, error: ApiError) -> None:
        """Send an error outside any request, as far as the connection's state allows, and close."""
        if self.transport.is_closing():
            return
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            content = json.dumps(error.body).encode()
            headers = [
                ("content-type", "application/json"),
                ("content-length", str(len(content))),
                ("connection", "close"),
            ]
            events = (
                h11.Response(status_code=error.status, headers=headers),
                h11.Data(data=content),
                h11.EndOfMessage(),
            )
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()
