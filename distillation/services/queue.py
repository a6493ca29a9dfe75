"""The workers' queue: which work waits and may be done now; sending it on commit."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import ChannelError, KombuError

from distillation.engines import TEACHERS
from distillation.models import Deployment, PlaygroundSound, Stage, StyleRun
from distillation.querysets import StyleRunQuerySet
from distillation.recipe import RecipeError

TEACHER = "teacher"  # the queue of teachers that have their own environment
ADVANCE = "distillation.tasks.style_advance"
DEPLOY = "distillation.tasks.packs_deploy"
HELP = "distillation.tasks.slice_help"
SPEAK = "distillation.tasks.candidate_speak"
TEST = "distillation.tasks.voice_test"
NO_BROKER = (KombuError, OSError)
ORDINARY = settings.CELERY_TASK_DEFAULT_QUEUE
QUEUES = (ORDINARY, TEACHER)

logger = logging.getLogger(__name__)


def slice_enqueue(style_run: StyleRun) -> None:
    """Send the style's next slice; if the broker is down, `runs_recover` sends it again."""
    StyleRun.objects.filter(pk=style_run.pk).update(queued_at=Now())
    args, queue = [style_run.pk, style_run.slice], queue_of(style_run)
    send = partial(_send, ADVANCE, args=args, queue=queue, headers=_belongs(style_run))
    transaction.on_commit(send, robust=True)


def _belongs(style_run: StyleRun) -> dict[str, int]:
    """Return the head of a message that names the run, for the worker's log."""
    return {"voicelab_run_id": style_run.run_id}


def _send(task: str, *, args: list[Any], **how: Any) -> None:
    """Send a message; if the broker is down, let the rows say that none is on its way."""
    try:
        current_app.send_task(task, args=args, **how)
    except NO_BROKER as error:
        logger.warning("message not sent, %s is tried again: %s", task, error)
        if task == ADVANCE:
            StyleRun.objects.filter(pk=args[0], slice=args[1]).update(queued_at=None)


def queue_is_empty(queue: str) -> bool:
    """Return whether no message waits in this queue; False if the broker does not answer."""
    try:
        with current_app.connection_for_write() as connection, connection.channel() as channel:
            return not channel.queue_declare(queue, passive=True).message_count
    except ChannelError:  # Redis drops an empty queue
        return True
    except NO_BROKER:
        return False


def queue_of(style_run: StyleRun) -> str:
    """Return the queue of the style's next slice: the teacher's, if it has one and is needed."""
    if style_run.stage == Stage.EVOLVE:
        return ORDINARY
    return TEACHERS[style_run.run.recipe["teacher"]].queue or ORDINARY


def in_queue(style_runs: StyleRunQuerySet, queue: str) -> StyleRunQuerySet:
    """Return the styles whose next slice belongs in this queue, as `queue_of` says."""
    named = [name for name, teacher in TEACHERS.items() if teacher.queue == TEACHER]
    apart = Q(run__recipe__teacher__in=named) & ~Q(stage=Stage.EVOLVE)
    return style_runs.filter(apart if queue == TEACHER else ~apart)


def deployments_enqueue(deployments: Sequence[Deployment]) -> None:
    """Send deployments to a worker."""
    ids = [row.pk for row in deployments]
    Deployment.objects.filter(pk__in=ids).update(queued_at=Now())
    transaction.on_commit(partial(_send, DEPLOY, args=[ids]), robust=True)


def sound_enqueue(sound: PlaygroundSound) -> None:
    """Have a worker speak a text of the playground, unless it was sent again meanwhile."""
    same = PlaygroundSound.objects.for_worker().filter(pk=sound.pk, queued_at=sound.queued_at)
    if same.update(queued_at=Now()):
        transaction.on_commit(partial(_send, SPEAK, args=[sound.pk]), robust=True)


def voice_tests_enqueue(deployments: Sequence[Deployment]) -> None:
    """Have a worker test deployed voices at the speech service, once they are committed."""
    for row in deployments:
        row.test = {"state": "asked", "at": timezone.now().isoformat()}
        row.save(update_fields=["test"])
        _test_send(row)


def voice_test_enqueue_again(row: Deployment) -> None:
    """Send a test again whose message or worker was lost, unless it was taken meanwhile."""
    asked = {"state": "asked", "at": timezone.now().isoformat()}
    same = Deployment.objects.filter(pk=row.pk, test__state="asked", test__at=row.test["at"])
    if same.update(test=asked):
        _test_send(row)


def _test_send(row: Deployment) -> None:
    send = partial(_send, TEST, args=[row.pk])
    transaction.on_commit(send, robust=True)


def help_ask(style_run: StyleRun, number: int = 1) -> None:
    """Request the `number`-th helper for this slice; queued after waiting work."""
    args = [style_run.pk, style_run.slice, number]
    how = {"headers": _belongs(style_run), "expires": settings.SLICE_HARD_SECONDS}
    send = partial(_send, HELP, args=args, **how)
    transaction.on_commit(send, robust=True)


def work_waits() -> bool:
    """Return whether any work is waiting that a helper should do instead."""
    requested = Deployment.objects.filter(state=Deployment.State.REQUESTED, error="")
    if requested.exists() or PlaygroundSound.objects.for_worker().exists():
        return True
    # One by one, for mostly the first is ready, and a recipe is long.
    waiting = list(StyleRun.objects.active().unleased().values_list("pk", flat=True))
    return any(map(_is_ordinary_and_ready, waiting))


def _is_ordinary_and_ready(pk: int) -> bool:
    style_run = StyleRun.objects.select_related("run").filter(pk=pk).first()
    return bool(style_run and queue_of(style_run) == ORDINARY and is_ready(style_run))


def is_ready(style_run: StyleRun) -> bool:
    """Return whether the slice can be done now.

    The search of a run's speaker needs the targets of all styles, and that of a further style
    needs the speaker; everything else is ready, a recipe that cannot be read too: the slice says
    what is wrong with it.
    """
    if style_run.stage != Stage.EVOLVE:
        return True
    try:
        recipe, styles = style_run.run.run_recipe, style_run.run.style_runs
    except RecipeError:
        return True
    if recipe.begins_from_speaker(style_run.style):
        speaker = styles.filter(style=recipe.speaker_style)
        return not speaker.filter(stage__in=(Stage.REFERENCE, Stage.EVOLVE)).exists()
    return not (recipe.speaker_style and styles.filter(stage=Stage.REFERENCE).exists())
