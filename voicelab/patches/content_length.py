"""WSGI middleware that rejects request bodies shorter than their Content-Length.

Gunicorn returns the received part of an interrupted upload as if it were complete; a WebM or OGG
file cut in the middle would be accepted as a take.
"""

from typing import Any


class WholeBody:
    """WSGI middleware: reading past the end of a truncated body raises ConnectionError."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        length = environ.get("CONTENT_LENGTH") or ""
        if length.isdecimal():
            environ["wsgi.input"] = _CompleteBody(environ["wsgi.input"], int(length))
        return self._application(environ, start_response)


class _CompleteBody:
    def __init__(self, body: Any, length: int) -> None:
        self._body, self._missing = body, length

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._missing if size is None or size < 0 else min(size, self._missing)
        pieces = []
        while wanted:
            pieces.append(self._count(self._body.read(wanted)))
            wanted -= len(pieces[-1])
        return b"".join(pieces)

    def readline(self, size: int | None = -1) -> bytes:
        wanted = self._missing if size is None or size < 0 else min(size, self._missing)
        return self._count(self._body.readline(wanted)) if wanted else b""

    def _count(self, data: bytes) -> bytes:
        if not data:
            raise ConnectionError("the request ended before its announced length")
        self._missing -= len(data)
        return data
