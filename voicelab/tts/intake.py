"""Receives a request: its head within a time, its body within a size and a time, before Django."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from voicelab import settings_tts as settings
from voicelab.tts.errors import ApiError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

DRAIN_S = 2.0  # a client that is still sending could not read the refusal of a closed connection


class Disconnected(Exception):
    """The client left before its request was complete."""


async def received(scope: Message, receive: Receive, *, max_body: int, within_s: float) -> Receive:
    """Wait for the whole body; return what gives it to the application, then what follows.

    Raises
    ------
    ApiError
        413, from Content-Length alone where it is sent; 408.
    Disconnected
        There is nobody to answer.
    """
    if _announced(scope) > max_body:
        raise _too_large(max_body)
    try:
        async with asyncio.timeout(within_s):
            body = await _body(receive, max_body)
    except TimeoutError as error:
        raise ApiError(
            408, f"The request's body did not arrive within {within_s:g} s.", code="request_timeout"
        ) from error
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


async def refuse(error: ApiError, receive: Receive, send: Send) -> None:
    """Answer a request whose body was not read, and close its connection."""
    content = json.dumps(error.body).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while (await receive()).get("more_body", False):
                pass
    await send({"type": "http.response.body"})


async def _body(receive: Receive, max_body: int) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        body += message.get("body", b"")
        if len(body) > max_body:
            raise _too_large(max_body)
        more = message.get("more_body", False)
    return bytes(body)


def _announced(scope: Message) -> int:
    """Return the Content-Length; 0 if there is none, or none that is a number."""
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0


def _too_large(max_body: int) -> ApiError:
    return ApiError(413, f"The body is larger than {max_body // 1024} KiB.", code="body_too_large")


class SpeechProtocol(H11Protocol):
    """Closes connections whose head does not arrive in time, however slowly bytes trickle in."""

    _head_timer: asyncio.TimerHandle | None = None
    _drain_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._set_head_timer()

    def data_received(self, data: bytes) -> None:
        if self._drain_timer is not None:
            return
        super().data_received(data)
        self._set_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        if self._drain_timer is not None:
            self._drain_timer.cancel()
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
        outside = self.conn.our_state is h11.IDLE
        if outside or self.conn.our_state is h11.SEND_RESPONSE:
            self._send(error)
        if outside:
            self.transport.write_eof()
            self._drain_timer = self.loop.call_later(DRAIN_S, self.transport.close)
        else:
            self.transport.close()

    def _send(self, error: ApiError) -> None:
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
