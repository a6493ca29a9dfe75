"""The service's errors in OpenAI's format."""

from __future__ import annotations

import re

from django.http import JsonResponse

INVALID = "invalid_request_error"
AUTHENTICATION = "authentication_error"
RATE = "rate_limit_error"
SERVER = "server_error"


_FOLDERS = re.compile(r"(?<![\w./:~-])/(?:[^\s/:;,'\"()]+/)+")


def without_paths(error: object) -> str:
    """Return a message with every absolute path shortened to the file's name."""
    return _FOLDERS.sub("", str(error))


class ApiError(Exception):
    """A rejected request: HTTP status, message, field (`param`) and a stable code."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        kind: str = INVALID,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, dict[str, str | None]]:
        """The OpenAI error object."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": error}

    def response(self) -> JsonResponse:
        return JsonResponse(self.body, status=self.status, headers=self.headers)


def not_ready(reason: str) -> ApiError:
    """Return the 503 for a service that cannot synthesize yet, or no longer can."""
    return ApiError(503, reason, code="not_ready", kind=SERVER, headers={"Retry-After": "2"})
