"""A worker's port for probes and metrics (WORKER_PORT), off by default."""

import json
import os
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_init, worker_ready, worker_shutdown
from django.conf import settings
from django.db import connections

from voicelab.operations import metrics, probes


class TaskCounts:
    """Counts the tasks of a worker's processes in the process that answers scrapes.

    The processes are renewed after some tasks and may be killed at any moment, so they share no
    lock: each writes a short line, which the kernel keeps whole, into one pipe.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._began: dict[str, float] = {}

    def count(self) -> None:
        """Read the lines of all processes, for ever; run in a thread of the parent."""
        with os.fdopen(self._read) as lines:
            for line in lines:
                name, state, seconds = line.split()
                metrics.tasks.labels(name, state).inc()
                metrics.task_seconds.labels(name).observe(float(seconds))

    def begin(self, task_id: str) -> None:
        self._began[task_id] = time.monotonic()

    def end(self, task_id: str, name: str, state: str) -> None:
        taken_s = time.monotonic() - self._began.pop(task_id, time.monotonic())
        with suppress(BlockingIOError):  # better an uncounted task than a late one
            os.write(self._write, f"{name} {state} {taken_s:.3f}\n".encode())


class Handler(BaseHTTPRequestHandler):
    """Answers GET of the three addresses."""

    timeout = 5  # seconds for a request's head

    def do_GET(self) -> None:
        try:
            self._answer()
        finally:
            connections.close_all()

    def _answer(self) -> None:
        if self.path == "/healthz":
            self._send(200, json.dumps(probes.health()).encode(), "application/json")
        elif self.path == "/readyz":
            body, status = probes.readiness()
            self._send(status, json.dumps(body).encode(), "application/json")
        elif self.path != "/metrics":
            self._send(404, b"healthz, readyz or metrics\n", "text/plain")
        elif settings.METRICS_KEY and not probes.key_fits(self.headers.get("Authorization", "")):
            self._send(401, b"METRICS_KEY is missing or wrong\n", "text/plain")
        else:
            self._send(200, metrics.text(), metrics.CONTENT_TYPE)

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no line for a probe."""


_running: dict[str, Any] = {}


@worker_init.connect
def _prepare(**_signal: Any) -> None:
    if settings.WORKER_PORT:  # before the pool forks, so that its processes have the pipe
        _running["counts"] = TaskCounts()


@worker_ready.connect
def _serve(**_signal: Any) -> None:
    if settings.WORKER_PORT:
        server = ThreadingHTTPServer((settings.WORKER_HOST, settings.WORKER_PORT), Handler)
        server.daemon_threads = True
        _running["server"] = server
        for work in (server.serve_forever, _running["counts"].count):
            Thread(target=work, daemon=True).start()


@worker_shutdown.connect
def _stop(**_signal: Any) -> None:
    if server := _running.pop("server", None):
        server.shutdown()
        server.server_close()


@task_prerun.connect
def _begin(task_id: str, **_signal: Any) -> None:
    if counts := _running.get("counts"):
        counts.begin(task_id)


@task_postrun.connect
def _end(task_id: str, task: Any, state: str | None = None, **_signal: Any) -> None:
    if counts := _running.get("counts"):
        counts.end(task_id, task.name, state or "UNKNOWN")
