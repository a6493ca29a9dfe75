"""Receives the body of a request: within a size, within a time, before Django sees the request."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from voicelab.tts.errors import ApiError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

DRAIN_S = 1.0  # a client that is still sending could not read the refusal of a closed connection


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
