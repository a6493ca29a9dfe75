"""Finds work left undone by a killed worker or a lost message, and sends it again."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from distillation.models import Deployment, RunEvent, StyleRun, WorkerBeat
from distillation.services.leases import leases_release_dead
from distillation.services.queue import (
    ORDINARY,
    TEACHER,
    deployments_enqueue,
    slice_enqueue,
    voice_test_enqueue_again,
)
from distillation.services.voice_tests import test_is_lost

BEAT_SECONDS = 5.0
SILENCE_SECONDS = 15.0


def runs_recover() -> int:
    """Send work again that has neither a worker nor a queued message; return how many styles."""
    # A message may be lost with its broker or worker, but the rows say what is to be done, so
    # work without a worker can be sent again. Sending twice is harmless: the lease decides.
    leases_release_dead()
    now = timezone.now()
    patience = now - timedelta(seconds=settings.REQUEUE_SECONDS)
    for deployment in Deployment.objects.forgotten(patience):
        deployments_enqueue([deployment])
    for deployment in Deployment.objects.current().filter(test__state="asked"):
        if test_is_lost(deployment, now):
            voice_test_enqueue_again(deployment)
    return sum(map(_recover, StyleRun.objects.forgotten(now, patience)))


def worker_beat(*, name: str, queues: Iterable[str] = (ORDINARY,)) -> None:
    """Record this worker's heartbeat and recover lost work."""
    now = timezone.now()
    seen = {"seen_at": now, "queues": " ".join(sorted(queues))}
    WorkerBeat.objects.update_or_create(name=name, defaults=seen)
    WorkerBeat.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()
    runs_recover()


def worker_is_there() -> bool:
    """Whether an ordinary worker is alive, by its recent heartbeat or work."""
    since = timezone.now() - timedelta(seconds=SILENCE_SECONDS)
    return _beats(ORDINARY).exists() or StyleRun.objects.filter(heartbeat_at__gte=since).exists()


def teacher_is_there() -> bool:
    """Whether a worker of the teacher's queue is alive, by its recent heartbeat."""
    return _beats(TEACHER).exists()


def processes_there() -> int:
    """Return how many processes do the ordinary work, or would if a worker were started."""
    return max(1, _beats(ORDINARY).count()) * settings.WORKERS


def _beats(queue: str) -> QuerySet[WorkerBeat]:
    since = timezone.now() - timedelta(seconds=SILENCE_SECONDS)
    named = Q(queues=queue) | Q(queues__startswith=f"{queue} ") | Q(queues__endswith=f" {queue}")
    return WorkerBeat.objects.filter(named, seen_at__gte=since)


@transaction.atomic
def _recover(style_run: StyleRun) -> bool:
    unchanged = StyleRun.objects.filter(
        pk=style_run.pk,
        slice=style_run.slice,
        lease=style_run.lease,
        queued_at=style_run.queued_at,
    )
    if not unchanged.update(queued_at=timezone.now()):
        return False
    slice_enqueue(style_run)
    if style_run.lease:
        RunEvent.objects.create(
            run_id=style_run.run_id, style=style_run.style, what="slice-lost", person=None
        )
    return True
