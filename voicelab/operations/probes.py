"""Health and readiness, the same for web and worker; who may read the metrics."""

import os
from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from corpus.storage import media
from voicelab.operations.observation import broker_client

VITAL = ("database", "migrations")  # without these no page can be shown
_migrated = False


def health() -> dict[str, str]:
    """Return that the process answers."""
    return {"status": "ok"}


def readiness() -> tuple[dict[str, Any], int]:
    """Return what works, and the HTTP status: 503 if no page can be shown.

    Without broker or media the pages go on, so that is told, and is no reason to be taken out of
    service. Causes are in the operations page and the log, not here: anybody may ask.
    """
    parts: dict[str, bool] = {}
    checks: dict[str, Callable[[], bool]] = {
        "database": _database,
        "migrations": _migrations,
        "broker": _broker,
        "media": _media,
    }
    for name, check in checks.items():
        try:
            parts[name] = check()
        except (DatabaseError, OSError, redis.RedisError):
            parts[name] = False
    ready = all(parts[name] for name in VITAL)
    said = {name: "ok" if works else "failed" for name, works in parts.items()}
    return {"ready": ready, "parts": said}, 200 if ready else 503


def key_fits(authorization: str) -> bool:
    """Whether METRICS_KEY is set and this header has it as a bearer token."""
    given = authorization.removeprefix("Bearer ").strip().encode()
    return bool(settings.METRICS_KEY) and compare_digest(given, settings.METRICS_KEY.encode())


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _migrations() -> bool:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


def _broker() -> bool:
    if settings.REDIS_URL:
        return bool(broker_client().ping())
    return os.access(settings.BROKER_DIR / "queue", os.W_OK)


def _media() -> bool:
    if settings.STORAGE_URL:
        media.check()
        return True
    path = Path(settings.MEDIA_ROOT)
    return os.access(path if path.exists() else path.parent, os.W_OK)
