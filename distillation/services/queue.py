"""Sends a slice to the workers, once what it depends on is committed."""

from functools import partial

from celery import current_app
from django.db import transaction
from django.utils import timezone

from distillation.models import StyleRun

ADVANCE = "distillation.tasks.style_advance"


def slice_enqueue(style_run: StyleRun) -> None:
    """Send the style's next slice; a broker that is down is logged, `runs_recover` sends again."""
    StyleRun.objects.filter(pk=style_run.pk).update(queued_at=timezone.now())
    send = partial(current_app.send_task, ADVANCE, args=[style_run.pk, style_run.slice])
    transaction.on_commit(send, robust=True)
