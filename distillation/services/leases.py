"""Leases of slices: kept by a worker's heartbeat, ended once observers see it stand still.

No clock decides. A worker at work counts its heartbeat up every few seconds, and every other worker
looks at all of them; a heartbeat that had the same number at four looks in a row has lost its
worker, unless that process is seen to live on the same machine (then at 25). A look needs the
database as the heartbeat does, so while there is none nobody is lost.
"""

import logging
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now

from distillation.models import (
    ACTIVE,
    CandidateClaim,
    Heartbeat,
    RunEvent,
    RunState,
    StyleRun,
)

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

STILL_LOOKS = 3  # further looks at an unchanged heartbeat, one every recovery.BEAT_SECONDS
# The same for a process that lives on this machine: Praat holds Python's lock, and with it the
# thread of the heartbeat, for as long as it analyses a sound (15 s and more on a busy machine).
ALIVE_LOOKS = 24
AGAIN_SECONDS = 1.0  # between two attempts while the database does not answer
PATIENCE_SECONDS = 120.0  # for a database that does not answer, before a slice's work is dropped
MAX_INTERRUPTIONS = 10
NO_DATABASE = (OperationalError, InterfaceError)


def host_name() -> str:
    """Return host name, boot and PID namespace: machines and containers may share a host name."""
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    boot_id = boot.read_text()[:8] if boot.exists() else ""
    inode = namespace.stat().st_ino if namespace.exists() else 0
    return f"{socket.gethostname()}:{boot_id}:{inode}"


def owner_name() -> str:
    return f"{host_name()}/{os.getpid()}"


def waits_for_database(function: Callable[P, T]) -> Callable[P, T]:
    """Call the function again while the database does not answer, up to PATIENCE_SECONDS.

    It must be harmless to repeat. In a transaction the error is raised at once.
    """

    @wraps(function)
    def patient(*args: P.args, **kwargs: P.kwargs) -> T:
        ends = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return function(*args, **kwargs)
            except NO_DATABASE as error:
                if connection.in_atomic_block or monotonic() > ends:
                    raise
                logger.warning("the database does not answer, waiting: %s", error)
                connection.close()
                sleep(AGAIN_SECONDS)

    return patient


def lease_claim(*, style_run_id: int, slice: int) -> StyleRun | None:
    """Lease this slice of a style, or return None if it is done, taken, paused or cancelled."""
    leases_end_dead(style_run=style_run_id)
    token, owner = uuid.uuid4().hex, owner_name()
    own = Heartbeat.objects.filter(style_run=style_run_id, owner=owner)  # from an aborted task
    free = Q(lease="") | Q(lease__in=own.values("lease"))
    # One conditional UPDATE decides: a broker may deliver the same message to two workers, and
    # the database lets exactly one of them change the row.
    with transaction.atomic():
        claimed = StyleRun.objects.filter(free, pk=style_run_id, slice=slice, state__in=ACTIVE)
        if not claimed.update(
            lease=token, state=RunState.RUNNING, heartbeat_at=Now(), has_advanced=False
        ):
            return None
        own.delete()
        Heartbeat.objects.create(style_run_id=style_run_id, lease=token, owner=owner)
    logger.info("lease taken style_run=%d slice=%d lease=%s", style_run_id, slice, token[:8])
    return StyleRun.objects.select_related("run").get(pk=style_run_id)


def lease_beat(style_run: StyleRun, **figures: Any) -> bool:
    """Store the figures so far; return False if the worker should stop.

    A database that does not answer stops nobody: the work goes on and is stored afterwards.
    """
    mine = StyleRun.objects.filter(pk=style_run.pk, lease=style_run.lease, state=RunState.RUNNING)
    try:
        return bool(mine.update(heartbeat_at=Now(), **figures))
    except NO_DATABASE as error:
        if connection.in_atomic_block:
            raise
        logger.warning("the database does not answer, working on: %s", error)
        connection.close()
        return True


def lease_drop(style_run: StyleRun) -> None:
    """Give the slice back undone, to be sent again."""
    rows = StyleRun.objects.filter(pk=style_run.pk, lease=style_run.lease)
    with transaction.atomic():
        dropped = rows.update(lease="", queued_at=None)
        heartbeat_end(style_run.lease)
    if dropped:
        logger.info(
            "lease dropped style_run=%d slice=%d lease=%s",
            *(style_run.pk, style_run.slice, style_run.lease[:8]),
        )


def lease_is_held(style_run: StyleRun) -> bool:
    """Whether the slice is still this worker's."""
    return StyleRun.objects.filter(pk=style_run.pk, lease=style_run.lease).exists()


@contextmanager
def help_lease(style_run: StyleRun) -> Iterator[str]:
    """Hold a lease under which a helper may claim the slice's candidates."""
    lease = uuid.uuid4().hex
    Heartbeat.objects.create(style_run=style_run, lease=lease, owner=owner_name())
    try:
        with heartbeat_kept(lease):
            yield lease
    finally:
        with suppress(*NO_DATABASE):  # then it stands still and is ended
            heartbeat_end(lease)


@contextmanager
def heartbeat_kept(lease: str) -> Iterator[None]:
    """Count the lease's heartbeat up in a thread, whatever the work is busy with."""
    ended = Event()
    thread = Thread(target=_keep, args=(lease, ended), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(AGAIN_SECONDS)


def heartbeat_count(lease: str) -> bool:
    """Count a heartbeat up; return False if it was ended."""
    return bool(Heartbeat.objects.filter(lease=lease).update(beats=F("beats") + 1, seen_at=Now()))


def heartbeat_end(lease: str) -> None:
    """End the heartbeat of work that is over; its unfinished candidates are free."""
    CandidateClaim.objects.filter(lease=lease, evaluation__isnull=True).update(lease="")
    Heartbeat.objects.filter(lease=lease).delete()


class Watch:
    """An observer's memory of heartbeats: their numbers, and at how many looks they stood still."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}

    def look(self) -> int:
        """Look at all heartbeats, end the leases of those that stand still; return how many."""
        rows = list(Heartbeat.objects.all())
        self._seen = {row.lease: (row.beats, self._looks(row)) for row in rows}
        still = [row for row in rows if self._seen[row.lease][1] >= _looks_allowed(row.owner)]
        return sum(_lease_end(row, "its heartbeat stands still") for row in still)

    def _looks(self, row: Heartbeat) -> int:
        beats, looks = self._seen.get(row.lease, (None, 0))
        return looks + 1 if beats == row.beats else 0


def leases_end_dead(**which: Any) -> int:
    """End the leases of ended processes of this machine; return how many."""
    # The kernel knows at once what a heartbeat tells within 20 s. Process numbers of another
    # machine or container mean nothing here.
    here = Heartbeat.objects.filter(owner__startswith=f"{host_name()}/", **which)
    return sum(_lease_end(row, "its process is gone") for row in here if not _is_alive(row.owner))


@transaction.atomic
def _lease_end(row: Heartbeat, why: str) -> bool:
    """End a lost worker's lease unless it has beaten meanwhile; its work is to be sent again."""
    deleted, _ = Heartbeat.objects.filter(pk=row.pk, beats=row.beats).delete()
    if not deleted:
        return False
    logger.warning(
        "lease ended style_run=%d lease=%s worker=%s: %s",
        *(row.style_run_id, row.lease[:8], row.owner, why),
    )
    heartbeat_end(row.lease)
    # A loss counts against the slice if nothing of it had advanced: then the slice may be what
    # kills its workers. One that always advances and dies is cut shorter (slice_work), and counts
    # in the end.
    counted = Case(
        When(has_advanced=True, interruptions__lt=MAX_INTERRUPTIONS, then=F("losses")),
        default=F("losses") + 1,
    )
    led = StyleRun.objects.filter(pk=row.style_run_id, lease=row.lease)
    if led.update(lease="", queued_at=None, interruptions=F("interruptions") + 1, losses=counted):
        style_run = StyleRun.objects.get(pk=row.style_run_id)
        RunEvent.objects.create(
            run_id=style_run.run_id, style=style_run.style, what=RunEvent.What.SLICE_LOST
        )
    return True


def _keep(lease: str, ended: Event) -> None:
    pause = settings.HEARTBEAT_SECONDS
    while not ended.wait(pause):
        try:
            if not heartbeat_count(lease):
                return
            pause = settings.HEARTBEAT_SECONDS
        except NO_DATABASE as error:
            logger.warning("heartbeat not stored lease=%s: %s", lease[:8], error)
            pause = AGAIN_SECONDS
        finally:
            connection.close()  # of this thread; a process at work keeps one, not two


def _looks_allowed(owner: str) -> int:
    here = owner.startswith(f"{host_name()}/")
    return ALIVE_LOOKS if here and _is_alive(owner) else STILL_LOOKS


def _is_alive(owner: str) -> bool:
    try:
        os.kill(int(owner.rpartition("/")[2]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
