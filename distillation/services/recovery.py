"""Finds work left undone by a killed worker or a lost message, and sends it again."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from distillation.models import Deployment, PlaygroundSound, StyleRun, WorkerBeat
from distillation.querysets import StyleRunQuerySet
from distillation.services.leases import Watch, leases_end_dead
from distillation.services.playground import sound_fail, sound_patience
from distillation.services.queue import (
    ORDINARY,
    QUEUES,
    TEACHER,
    deployments_enqueue,
    in_queue,
    queue_is_empty,
    slice_enqueue,
    sound_enqueue,
    voice_test_enqueue_again,
)
from distillation.services.runs import runs_release
from distillation.services.voice_tests import test_is_lost

BEAT_SECONDS = 5.0
SILENCE = timedelta(seconds=15)
LOST_AFTER = timedelta(seconds=10)  # a message of a queue in which none waits
GIVEN_UP = timedelta(hours=1)  # a text of the playground
WATCH = Watch()


def runs_recover(*, is_empty: Callable[[str], bool] = lambda _queue: False) -> int:
    """Send work again that has neither a worker nor a queued message; return how many styles.

    A worker passes `is_empty`, which asks the broker whether no message waits in a queue: then one
    that was sent a while ago must have been lost with its broker or worker.
    """
    # The rows say what is to be done, so work without a worker can be sent again. Sending twice is
    # harmless: the lease decides.
    leases_end_dead()
    if Deployment.objects.forgotten(LOST_AFTER).exists():
        for deployment in Deployment.objects.forgotten(_patience(ORDINARY, is_empty)):
            deployments_enqueue([deployment])
    for deployment in Deployment.objects.current().filter(test__state="asked"):
        if test_is_lost(deployment, timezone.now()):
            voice_test_enqueue_again(deployment)
    return sum(_recover_in(queue, is_empty) for queue in QUEUES)


def worker_beat(*, name: str, queues: Iterable[str] = (ORDINARY,)) -> None:
    """Record this worker's heartbeat, look for those that were lost, and recover their work."""
    seen = {"seen_at": Now(), "queues": " ".join(sorted(queues))}
    WorkerBeat.objects.update_or_create(name=name, defaults=seen)
    WorkerBeat.objects.filter(seen_at__lt=Now() - timedelta(days=1)).delete()
    WATCH.look()
    runs_release()
    runs_recover(is_empty=queue_is_empty)
    sounds_recover()


def sounds_recover() -> None:
    """Send texts of the playground again whose messages must have been lost.

    While one waits no worker helps with a search. A text that ends its process each time would be
    sent for ever: one that has waited for an hour is given up.
    """
    for sound in PlaygroundSound.objects.forgotten(sound_patience()):
        if sound.asked_at < timezone.now() - GIVEN_UP:
            message = _("Not spoken within an hour: its worker was lost, or had none. Ask again.")
            sound_fail(sound_id=sound.pk, message=message)
        else:
            sound_enqueue(sound)


def worker_is_there() -> bool:
    """Whether an ordinary worker is alive, by its recent heartbeat or work."""
    busy = StyleRun.objects.filter(heartbeat_at__gte=Now() - SILENCE)
    return _beats(ORDINARY).exists() or busy.exists()


def teacher_is_there() -> bool:
    """Whether a worker of the teacher's queue is alive, by its recent heartbeat."""
    return _beats(TEACHER).exists()


def processes_there() -> int:
    """Return how many processes do the ordinary work, or would if a worker were started."""
    return max(1, _beats(ORDINARY).count()) * settings.WORKERS


def _beats(queue: str) -> QuerySet[WorkerBeat]:
    named = Q(queues=queue) | Q(queues__startswith=f"{queue} ") | Q(queues__endswith=f" {queue}")
    return WorkerBeat.objects.filter(named, seen_at__gte=Now() - SILENCE)


def _patience(queue: str, is_empty: Callable[[str], bool]) -> timedelta:
    return LOST_AFTER if is_empty(queue) else timedelta(seconds=settings.REQUEUE_SECONDS)


def _recover_in(queue: str, is_empty: Callable[[str], bool]) -> int:
    # Every worker looks every five seconds, and hundreds may wait in a long queue: the broker is
    # asked once, and only rows whose message must be lost are read.
    def forgotten(patience: timedelta) -> StyleRunQuerySet:
        return in_queue(StyleRun.objects.forgotten(patience), queue)

    if not forgotten(LOST_AFTER).exists():
        return 0
    patience = _patience(queue, is_empty)
    return sum(_recover(row, patience) for row in forgotten(patience).select_related("run"))


@transaction.atomic
def _recover(style_run: StyleRun, patience: timedelta) -> bool:
    forgotten = StyleRun.objects.forgotten(patience)
    if not forgotten.filter(pk=style_run.pk, slice=style_run.slice).update(queued_at=Now()):
        return False
    slice_enqueue(style_run)
    return True
