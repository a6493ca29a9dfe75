"""Finds work that a killed worker or a lost message left lying, and sends it again."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from distillation.models import Deployment, RunEvent, StyleRun, WorkerBeat
from distillation.services.leases import leases_release_dead
from distillation.services.queue import deployments_enqueue, slice_enqueue

BEAT_SECONDS = 5.0
SILENCE_SECONDS = 15.0


def runs_recover() -> int:
    """Send again what nobody works on and no message waits for; return how many styles."""
    leases_release_dead()
    now = timezone.now()
    patience = now - timedelta(seconds=settings.REQUEUE_SECONDS)
    if lost := list(Deployment.objects.forgotten(patience)):
        deployments_enqueue(lost)
    return sum(map(_recover, StyleRun.objects.forgotten(now, patience)))


def worker_beat(*, name: str) -> None:
    """Note that this worker is there; look after lost work on the way."""
    now = timezone.now()
    WorkerBeat.objects.update_or_create(name=name, defaults={"seen_at": now})
    WorkerBeat.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()
    runs_recover()


def worker_is_there() -> bool:
    """Whether any worker showed a sign of life lately, by its beat or by its work."""
    since = timezone.now() - timedelta(seconds=SILENCE_SECONDS)
    return (
        WorkerBeat.objects.filter(seen_at__gte=since).exists()
        or StyleRun.objects.filter(heartbeat_at__gte=since).exists()
    )


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
