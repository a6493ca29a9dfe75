"""What an operator asks: workers, queues, leases, disks, failures, as they are now."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from distillation.models import (
    Deployment,
    Heartbeat,
    PlaygroundSound,
    Run,
    RunState,
    StyleRun,
    WorkerBeat,
)
from distillation.services.queue import ORDINARY, TEACHER, in_queue
from distillation.services.recovery import SILENCE, teacher_is_there, worker_is_there
from distillation.services.voice_tests import FAILED as FAILED_TEST
from distillation.wording import fault_words

QUEUES = {
    ORDINARY: "celery -A voicelab worker",
    TEACHER: "make teacher-worker",
}  # and the command that starts a worker of each
FAILURES, PATIENCE_S, BROKER_S = 20, 60.0, 1.0
LOW_DISK_BYTES, LOW_DISK_SHARE = 2 * 2**30, 0.05
SIZE_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue of the broker; `messages` is None where the broker does not answer."""

    name: str
    command: str
    messages: int | None
    oldest_s: float | None
    workers: int
    is_attended: bool
    is_waited_for: bool

    @property
    def lacks_worker(self) -> bool:
        return not self.is_attended and (self.is_waited_for or bool(self.messages))

    @property
    def is_slow(self) -> bool:
        """Whether a message waits long although there is a worker."""
        return self.is_attended and (self.oldest_s or 0) > PATIENCE_S


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder that the installation writes to, and the room on its disk."""

    name: str
    path: str
    total_bytes: int
    free_bytes: int

    @property
    def is_low(self) -> bool:
        return self.free_bytes < max(LOW_DISK_BYTES, LOW_DISK_SHARE * self.total_bytes)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Something that failed: where, its cause in the program's words, and what to do."""

    what: str
    href: str
    at: Any
    code: str
    cause: str
    remedy: str


def workers() -> list[Any]:
    """Return the workers of the last day, each with `is_alive`."""
    rows = WorkerBeat.objects.annotate(is_alive=Q(seen_at__gte=Now() - SILENCE))
    return list(rows.order_by("-seen_at", "name"))


def queues() -> list[Queue]:
    """Return both queues with what waits in them."""
    waiting, there, wanted = _messages(), workers(), queues_waited_for()
    return [
        Queue(
            name=name,
            command=command,
            messages=None if waiting is None else waiting.get(name, (0, None))[0],
            oldest_s=None if waiting is None else waiting.get(name, (0, None))[1],
            workers=sum(row.is_alive and name in row.queues.split() for row in there),
            is_attended=_is_attended(name),
            is_waited_for=name in wanted,
        )
        for name, command in QUEUES.items()
    ]


def queues_waited_for() -> set[str]:
    """Return the queues that work waits for, by the rows: a message may be lost."""
    waiting = StyleRun.objects.active().unleased()
    found = {queue for queue in QUEUES if in_queue(waiting, queue).exists()}
    requested = Deployment.objects.filter(state=Deployment.State.REQUESTED)
    if requested.exists() or PlaygroundSound.objects.for_worker().exists():
        found.add(ORDINARY)
    return found


def unattended() -> list[tuple[str, str]]:
    """Return the queues that work waits for without a worker, with the command that starts one."""
    waited = queues_waited_for()
    return [
        (name, command)
        for name, command in QUEUES.items()
        if name in waited and not _is_attended(name)
    ]


def _is_attended(queue: str) -> bool:
    return worker_is_there() if queue == ORDINARY else teacher_is_there()


def _messages() -> dict[str, tuple[int, float | None]] | None:
    """Return the number of messages of each queue and the age of its oldest, in seconds."""
    try:
        return _in_redis() if settings.REDIS_URL else _in_folder()
    except (OSError, redis.RedisError):
        return None


def _in_folder() -> dict[str, tuple[int, float | None]]:
    found: dict[str, tuple[int, float | None]] = {}
    now = time.time()
    for entry in os.scandir(settings.BROKER_DIR / "queue"):
        name = entry.name.partition(".")[2].removesuffix(".msg")
        with suppress(FileNotFoundError):  # a worker took it
            age = max(0.0, now - entry.stat().st_mtime)
            count, oldest = found.get(name, (0, 0.0))
            found[name] = (count + 1, max(age, oldest or 0.0))
    return found


def _in_redis() -> dict[str, tuple[int, float | None]]:
    client = broker_client()
    found: dict[str, tuple[int, float | None]] = {}
    for name in QUEUES:
        oldest: Any = client.lindex(name, -1)  # Celery pushes left and takes right
        found[name] = (int(client.llen(name)), sent_age_s(oldest) if oldest else None)
    return found


@lru_cache(maxsize=1)
def broker_client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=BROKER_S, socket_connect_timeout=BROKER_S
    )


def sent_age_s(message: bytes) -> float | None:
    """Return the age of a message by the time that `voicelab.celery` wrote into its head."""
    try:
        sent_at = json.loads(message)["headers"]["voicelab_sent_at"]
    except (KeyError, TypeError, ValueError):
        return None
    return max(0.0, time.time() - float(sent_at))


def leases() -> list[Heartbeat]:
    """Return the processes at a slice, leaders and helpers, the longest silent first."""
    return list(Heartbeat.objects.select_related("style_run__run").order_by("seen_at"))


def places() -> list[Place]:
    """Return the folders of the installation, one for each disk that several share."""
    named = {
        _("Data"): settings.DATA_DIR,
        _("Media"): settings.MEDIA_ROOT,
        _("Models"): settings.MODEL_DIR,
        _("Voices"): settings.VOICES_DIR,
    }
    disks: dict[int, Place] = {}
    for name, path in named.items():
        there = next((one for one in (Path(path), *Path(path).parents) if one.exists()), Path("/"))
        disk, usage = there.stat().st_dev, shutil.disk_usage(there)
        if before := disks.get(disk):
            name = f"{before.name}, {name}"
        where = disks[disk].path if disk in disks else str(path)
        disks[disk] = Place(name=name, path=where, total_bytes=usage.total, free_bytes=usage.free)
    return list(disks.values())


def media_bytes() -> int | None:
    """Return the size of all media, measured at most every five minutes; None in a bucket."""
    if settings.STORAGE_URL:
        return None
    return int(caches["counts"].get_or_set("media-bytes", _measure_media, SIZE_SECONDS) or 0)


def _measure_media() -> int:
    total = 0
    for folder, _folders, files in os.walk(settings.MEDIA_ROOT):
        for name in files:
            with suppress(OSError):
                total += Path(folder, name).stat().st_size
    return total


def database_bytes() -> int:
    """Return the size of the database."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    name = str(settings.DATABASES["default"]["NAME"])
    paths = [Path(name), Path(f"{name}-wal")]
    return sum(path.stat().st_size for path in paths if path.is_file())


def failures() -> list[Failure]:
    """Return the latest failures that nobody has mended yet, newest first."""
    found = [*_failed_styles(), *_failed_deployments()]
    return sorted(found, key=lambda one: one.at, reverse=True)[:FAILURES]


def _failed_styles() -> Iterator[Failure]:
    failed = StyleRun.objects.filter(state=RunState.FAILED).exclude(run__state=RunState.CANCELLED)
    for row in failed.select_related("run").order_by("-pk")[:FAILURES]:
        yield Failure(
            what=str(row),
            href=reverse("run", args=[row.run_id]),
            at=row.run.finished_at or row.heartbeat_at or row.run.created_at,
            code=row.error_code,
            cause=row.error,
            remedy=fault_words(row.error_code),
        )


def _failed_deployments() -> Iterator[Failure]:
    """Deployments that failed, or whose voice failed its test and is in service all the same."""
    for row in Deployment.objects.last_of_each_voice().select_related("pack"):
        code, _colon, cause = row.error.partition(": ")
        remedy = fault_words(code)
        if row.state != Deployment.State.FAILED:
            if row.test.get("state") != FAILED_TEST or row.action == Deployment.Action.RETIRE:
                continue
            code, cause = row.test["why"], row.test.get("stays", "")
            remedy = _("The voice failed its test: roll it back, or deploy another version.")
        yield Failure(
            what=str(row),
            href=reverse("voices"),
            at=row.created_at,
            code=code,
            cause=cause or row.error,
            remedy=remedy,
        )


def run_counts() -> dict[str, int]:
    """Return the number of runs in each state."""
    rows = Run.objects.order_by().values("state").annotate(n=Count("pk"))
    return dict(rows.values_list("state", "n"))
