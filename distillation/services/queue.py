"""Sends work to the workers, once what it depends on is committed."""

from collections.abc import Sequence
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from distillation.engines import TEACHERS
from distillation.models import Deployment, Stage, StyleRun

TEACHER = "teacher"  # the queue of teachers in an environment of their own
ADVANCE = "distillation.tasks.style_advance"
DEPLOY = "distillation.tasks.packs_deploy"
HELP = "distillation.tasks.slice_help"
ORDINARY = settings.CELERY_TASK_DEFAULT_QUEUE


def slice_enqueue(style_run: StyleRun) -> None:
    """Send the style's next slice; a broker that is down is logged, `runs_recover` sends again."""
    StyleRun.objects.filter(pk=style_run.pk).update(queued_at=timezone.now())
    args, queue = [style_run.pk, style_run.slice], queue_of(style_run)
    send = partial(current_app.send_task, ADVANCE, args=args, queue=queue)
    transaction.on_commit(send, robust=True)


def queue_of(style_run: StyleRun) -> str:
    """Return the queue of the style's next slice: the teacher's while such a teacher speaks."""
    if style_run.stage == Stage.EVOLVE:
        return ORDINARY
    return TEACHERS[style_run.run.recipe["teacher"]].queue or ORDINARY


def deployments_enqueue(deployments: Sequence[Deployment]) -> None:
    """Send deployments that a worker shall carry out."""
    ids = [row.pk for row in deployments]
    Deployment.objects.filter(pk__in=ids).update(queued_at=timezone.now())
    transaction.on_commit(partial(current_app.send_task, DEPLOY, args=[ids]), robust=True)


def help_ask(style_run: StyleRun, number: int = 1) -> None:
    """Ask for the `number`-th worker to help with this slice; it comes after what waits."""
    args = [style_run.pk, style_run.slice, number]
    send = partial(current_app.send_task, HELP, args=args, expires=settings.SLICE_HARD_SECONDS)
    transaction.on_commit(send, robust=True)


def work_waits() -> bool:
    """Tell whether anything waits that a helping worker should rather do."""
    if Deployment.objects.filter(state=Deployment.State.REQUESTED).exists():
        return True
    waiting = StyleRun.objects.active().unleased(timezone.now()).select_related("run")
    return any(queue_of(style_run) == ORDINARY for style_run in waiting)
