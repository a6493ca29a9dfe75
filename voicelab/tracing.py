"""The request and the run that a piece of work belongs to: in context variables and in logs."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpRequest

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Trace:
    """What the current work belongs to; `request` is there in the web process only."""

    request_id: str = ""
    run_id: int | None = None
    request: HttpRequest | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the ids that are known."""
        known = {"request_id": self.request_id, "run_id": self.run_id}
        return {key: value for key, value in known.items() if value}


_NONE = Trace()
_trace: ContextVar[Trace] = ContextVar("trace", default=_NONE)


def current_trace() -> Trace:
    return _trace.get()


@contextmanager
def tracing(**known: Any) -> Iterator[Trace]:
    """Let the work inside belong to this request or run as well."""
    token = _trace.set(replace(_trace.get(), **known))
    try:
        yield _trace.get()
    finally:
        _trace.reset(token)


def request_id_of(given: str) -> str:
    """Return the id that a client or proxy sent if it is a plain one, else a new one."""
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


class TraceFilter(logging.Filter):
    """Adds to every record what it belongs to; lets tracebacks through for program faults only."""

    def filter(self, record: logging.LogRecord) -> bool:
        known = current_trace().to_json()
        record.trace = "".join(f" {key}={value}" for key, value in known.items())
        if _is_user_fault(record):
            record.exc_info = record.exc_text = None
        return True


def _is_user_fault(record: logging.LogRecord) -> bool:
    """Whether a person or client did something wrong (HTTP 4xx), or left in the middle."""
    status = getattr(record, "status_code", None)
    kind = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
    gone = kind is not None and issubclass(kind, ConnectionError)
    unread = kind is not None and kind.__name__ == "UnreadablePostError"
    return gone or unread or (isinstance(status, int) and 400 <= status < 500)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **current_trace().to_json(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def logging_of(form: str, level: str, loggers: dict[str, Any]) -> dict[str, Any]:
    """Return Django's LOGGING for lines of this form: `plain` or `json`."""
    if form not in ("plain", "json"):
        raise ValueError(f"LOG_FORMAT: plain or json, not {form!r}.")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"trace": {"()": "voicelab.tracing.TraceFilter"}},
        "formatters": {
            "plain": {"format": "{asctime} {levelname} {name}{trace} {message}", "style": "{"},
            "json": {"()": "voicelab.tracing.JsonFormatter"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": form, "filters": ["trace"]}
        },
        "loggers": loggers,
        "root": {"handlers": ["console"], "level": level},
    }


def errors_report(dsn: str, logger: logging.Logger) -> bool:
    """Report program faults to the service of SENTRY_DSN; say so if sentry-sdk is missing."""
    if not dsn:
        return False
    try:
        import sentry_sdk  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        logger.error(
            "SENTRY_DSN is set, but sentry-sdk is not installed, so no error is reported: "
            "pip install 'voicelab[errors]'."
        )
        return False
    sentry_sdk.init(dsn=dsn, send_default_pii=False, before_send=_before_send)
    return True


def _before_send(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """Tag an event with request and run; the secret parts of addresses stay here."""
    event.setdefault("tags", {}).update(current_trace().to_json())
    event.get("request", {}).pop("url", None)
    event.get("request", {}).pop("cookies", None)
    return event
