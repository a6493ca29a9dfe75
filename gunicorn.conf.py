"""Gunicorn's settings that every start shares: metrics of all its processes, form of its log.

Prometheus's client keeps each process's counts in files of this folder, and any process answers
with the sum (its "multiprocess mode"). The folder belongs to one start of one server.
"""

import os
import shutil
import tempfile
from typing import Any

if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:  # set here, before the client is imported
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="voicelab-metrics-")
_folder, _master = os.environ["PROMETHEUS_MULTIPROC_DIR"], os.getpid()

from voicelab.settings import LOGGING  # noqa: E402

OWN = {"handlers": ["console"], "level": "INFO", "propagate": False}
logconfig_dict = {**LOGGING, "loggers": {**LOGGING["loggers"], "gunicorn.error": OWN}}


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Forget the gauges of a process that ended; its counts stay."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:  # noqa: ARG001
    if os.getpid() == _master:
        shutil.rmtree(_folder, ignore_errors=True)
