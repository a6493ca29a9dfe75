"""Leases that let one worker process at a time work on a style, and expire if it dies."""

import logging
import os
import socket
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Case, F, Q, When
from django.utils import timezone

from distillation.models import ACTIVE, RunState, StyleRun

logger = logging.getLogger(__name__)


def host_name() -> str:
    """Return host name and PID namespace: two containers may have the same host name."""
    namespace = Path("/proc/self/ns/pid")
    inode = namespace.stat().st_ino if namespace.exists() else 0
    return f"{socket.gethostname()}:{inode}"


def owner_name() -> str:
    return f"{host_name()}/{os.getpid()}"


def lease_claim(*, style_run_id: int, slice: int) -> StyleRun | None:
    """Lease this slice of a style, or return None if it is done, taken, paused or cancelled."""
    leases_release_dead(pk=style_run_id)
    # One conditional UPDATE decides: a broker may deliver the same message to two workers, and
    # the database lets exactly one of them change the row, without a lock that a killed worker
    # would keep.
    now, token = timezone.now(), uuid.uuid4().hex
    free = Q(leased_until=None) | Q(leased_until__lte=now) | Q(lease_owner=owner_name())
    # A lease that is still set belonged to a lost worker. After three losses at the same slice the
    # style fails, instead of killing more workers.
    claimed = StyleRun.objects.filter(free, pk=style_run_id, slice=slice, state__in=ACTIVE).update(
        losses=Case(When(lease="", then=F("losses")), default=F("losses") + 1),
        lease=token,
        lease_owner=owner_name(),
        leased_until=now + timedelta(seconds=settings.LEASE_SECONDS),
        heartbeat_at=now,
        state=RunState.RUNNING,
    )
    if not claimed:
        return None
    logger.info("lease taken style_run=%d slice=%d lease=%s", style_run_id, slice, token[:8])
    style_run = StyleRun.objects.select_related("run").get(pk=style_run_id)
    if style_run.losses:
        logger.warning(
            "lease taken over style_run=%d slice=%d: its worker was lost, times=%d",
            *(style_run_id, slice, style_run.losses),
        )
    return style_run


def lease_beat(style_run: StyleRun, **figures: Any) -> bool:
    """Store a heartbeat and the figures so far; return False if the worker should stop."""
    mine = StyleRun.objects.filter(pk=style_run.pk, lease=style_run.lease, state=RunState.RUNNING)
    return bool(mine.update(heartbeat_at=timezone.now(), **figures))


def lease_drop(style_run: StyleRun) -> None:
    rows = StyleRun.objects.filter(pk=style_run.pk, lease=style_run.lease)
    if rows.update(lease="", lease_owner="", leased_until=None):
        logger.info(
            "lease dropped style_run=%d slice=%d lease=%s",
            *(style_run.pk, style_run.slice, style_run.lease[:8]),
        )


def owner_is_gone(owner: str) -> bool:
    """Return whether the owner was a process of this machine that has ended; False for others."""
    # Without this, a style whose worker was killed would wait minutes for the lease to expire,
    # although the kernel knows at once. PIDs of another container are meaningless here.
    host, _, pid = owner.rpartition("/")
    return host == host_name() and not _is_alive(int(pid))


def leases_release_dead(**which: Any) -> int:
    """Expire the leases of ended processes of this machine; return how many."""
    now, released = timezone.now(), 0
    mine = StyleRun.objects.active().filter(
        lease_owner__startswith=f"{host_name()}/", leased_until__gt=now, **which
    )
    for pk, lease, owner in mine.values_list("pk", "lease", "lease_owner"):
        if owner_is_gone(owner):
            rows = StyleRun.objects.filter(pk=pk, lease=lease)
            released += rows.update(leased_until=now, queued_at=None)
            logger.warning(
                "lease expired style_run=%d lease=%s: its worker %s is gone", pk, lease[:8], owner
            )
    return released


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
