"""Sends work to the workers, once what it depends on is committed."""

from collections.abc import Sequence
from functools import partial

from celery import current_app
from django.db import transaction
from django.utils import timezone

from distillation.models import Deployment, StyleRun

ADVANCE = "distillation.tasks.style_advance"
DEPLOY = "distillation.tasks.packs_deploy"


def slice_enqueue(style_run: StyleRun) -> None:
    """Send the style's next slice; a broker that is down is logged, `runs_recover` sends again."""
    StyleRun.objects.filter(pk=style_run.pk).update(queued_at=timezone.now())
    send = partial(current_app.send_task, ADVANCE, args=[style_run.pk, style_run.slice])
    transaction.on_commit(send, robust=True)


def deployments_enqueue(deployments: Sequence[Deployment]) -> None:
    """Send deployments that a worker shall carry out."""
    ids = [row.pk for row in deployments]
    Deployment.objects.filter(pk__in=ids).update(queued_at=timezone.now())
    transaction.on_commit(partial(current_app.send_task, DEPLOY, args=[ids]), robust=True)
