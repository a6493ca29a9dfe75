"""Celery tasks for slices of styles and deployments, and the worker's heartbeat."""

import logging
from itertools import pairwise
from typing import Any

from celery import Task, shared_task
from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded
from celery.signals import worker_init, worker_process_init, worker_ready
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, OperationalError, connections
from django.utils.translation import gettext as _

from corpus.storage import media, storage_fault
from distillation.engines.praat import espeak
from distillation.services import (
    candidate_speech,
    deployments,
    playground,
    recovery,
    slices,
    voice_tests,
)

logger = logging.getLogger(__name__)

LIMITS = ("SLICE_SECONDS", "SLICE_SOFT_SECONDS", "SLICE_HARD_SECONDS")

DEPLOY_SECONDS = 60
TOO_SLOW = (SoftTimeLimitExceeded, TimeLimitExceeded)  # told to stop; ended by the parent


class StyleTask(Task):
    """Records it on the run if a slice fails with a program error or exceeds the time limit."""

    def on_failure(
        self, exc: Exception, task_id: str, args: tuple[int, int], kwargs: Any, einfo: Any
    ) -> None:
        code, message = "internal", _fault_of(task_id)
        if isinstance(exc, TOO_SLOW):
            code, message = "too_slow", _("One slice took over %d s; raise SLICE_SOFT_SECONDS.")
            message %= settings.SLICE_SOFT_SECONDS
        slices.style_fail(style_run_id=args[0], slice=args[1], code=code, message=message)


class DeployTask(Task):
    """Records it on deployments if they fail with a program error or exceed the time limit."""

    def on_failure(
        self, exc: Exception, task_id: str, args: tuple[list[int]], kwargs: Any, einfo: Any
    ) -> None:
        code, message = "internal", _fault_of(task_id)
        if isinstance(exc, TOO_SLOW):
            code, message = "storage", _("%(place)s: no answer, or held by others, for %(time)d s.")
            message %= {"place": settings.VOICES_DIR, "time": DEPLOY_SECONDS}
        deployments.deployments_fail(deployment_ids=args[0], code=code, message=message)


class SpeakTask(Task):
    """Records it on the sound if speaking fails with a program error or takes too long."""

    def on_failure(
        self, exc: Exception, task_id: str, args: tuple[int], kwargs: Any, einfo: Any
    ) -> None:
        message = _fault_of(task_id)
        if isinstance(exc, TOO_SLOW):
            message = _("Not spoken within %d s; try a shorter text.") % playground.SPEAK_SECONDS
        playground.sound_fail(sound_id=args[0], message=message)


def _fault_of(task_id: str) -> str:
    return _("A fault of the program (task %s); the worker's log has it.") % task_id


@shared_task(
    base=StyleTask,
    soft_time_limit=settings.SLICE_SOFT_SECONDS,
    time_limit=settings.SLICE_HARD_SECONDS,
)
def style_advance(style_run_id: int, slice: int) -> None:
    slices.style_advance(style_run_id=style_run_id, slice=slice)


@shared_task(soft_time_limit=settings.SLICE_SOFT_SECONDS, time_limit=settings.SLICE_HARD_SECONDS)
def slice_help(style_run_id: int, slice: int, number: int) -> None:
    slices.slice_help(style_run_id=style_run_id, slice=slice, number=number)


@shared_task(
    base=DeployTask,
    autoretry_for=(OperationalError,),
    retry_backoff=2,
    max_retries=5,
    soft_time_limit=DEPLOY_SECONDS,
    time_limit=DEPLOY_SECONDS + 30,
)
def packs_deploy(deployment_ids: list[int]) -> None:
    deployments.deployments_carry_out(deployment_ids=deployment_ids)


@shared_task(
    base=SpeakTask,
    autoretry_for=(OperationalError,),
    retry_backoff=2,
    max_retries=5,
    soft_time_limit=playground.SPEAK_SECONDS,
    time_limit=playground.SPEAK_SECONDS + playground.KILL_SECONDS,
)
def candidate_speak(sound_id: int) -> None:
    candidate_speech.candidate_speak(sound_id=sound_id)


@shared_task(
    autoretry_for=(OperationalError,),
    retry_backoff=2,
    max_retries=5,
    soft_time_limit=voice_tests.TEST_SECONDS,
    time_limit=voice_tests.TEST_SECONDS + 30,
)
def voice_test(deployment_id: int) -> None:
    voice_tests.voice_test(deployment_id=deployment_id)


@worker_process_init.connect
def speak_in_this_process(**_signal: Any) -> None:
    espeak.speak_in_this_process()  # CELERY_WORKER_MAX_TASKS_PER_CHILD renews these processes


@worker_init.connect
def refuse_bad_limits(**_signal: Any) -> None:
    limits_refuse()


@worker_ready.connect
def show_life(sender: Any, **_signal: Any) -> None:
    told = (sender.hostname, list(sender.app.amqp.queues.consume_from))
    _beat(*told)
    sender.timer.call_repeatedly(recovery.BEAT_SECONDS, _beat, told)


def _beat(name: str, queues: list[str]) -> None:
    try:
        recovery.worker_beat(name=name, queues=queues)
        media.copies_clean()
    except (DatabaseError, OSError) as error:
        fault = storage_fault(error)
        if fault is None:
            raise
        logger.error("%s %s (%s)", fault.code, fault.message, error)
    finally:
        connections.close_all()


@register()
def limits_check(**_options: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{shorter} ({getattr(settings, shorter):g}) must be below "
            f"{longer} ({getattr(settings, longer):g}).",
            hint="A slice that takes too long is ended before it is killed.",
            id="distillation.E001",
        )
        for shorter, longer in pairwise(LIMITS)
        if getattr(settings, shorter) >= getattr(settings, longer)
    ]


def limits_refuse() -> None:
    """Raise ImproperlyConfigured for invalid limits: a worker skips Django's checks."""
    if errors := limits_check():
        raise ImproperlyConfigured(" ".join(error.msg for error in errors))
