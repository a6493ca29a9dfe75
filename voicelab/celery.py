"""The Celery application: its broker, its tasks, and what request and run a message belongs to."""

import os
import time
from contextlib import ExitStack
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, task_postrun, task_prerun
from kombu.transport import TRANSPORT_ALIASES

from voicelab.tracing import current_trace, tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voicelab.settings")

TRANSPORT_ALIASES["filesystem"] = "voicelab.patches.celery_broker:Transport"
app = Celery("voicelab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

REQUEST, RUN, SENT = "voicelab_request_id", "voicelab_run_id", "voicelab_sent_at"
_inside: dict[str, ExitStack] = {}  # by task id


@before_task_publish.connect
def _write_trace(headers: dict[str, Any], **_signal: Any) -> None:
    trace = current_trace()
    headers[SENT] = time.time()  # for the age of what waits in Redis
    headers.setdefault(REQUEST, trace.request_id)
    headers.setdefault(RUN, trace.run_id)


@task_prerun.connect
def _take_trace(task_id: str, task: Any, **_signal: Any) -> None:
    known = {"request_id": task.request.get(REQUEST) or "", "run_id": task.request.get(RUN)}
    _inside[task_id] = stack = ExitStack()
    stack.enter_context(tracing(**known))


@task_postrun.connect
def _leave_trace(task_id: str, **_signal: Any) -> None:
    if stack := _inside.pop(task_id, None):
        stack.close()
