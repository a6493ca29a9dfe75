"""The demo's processes: check the ports, start honcho, stop it with all its children."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
from django.conf import settings
from django.urls import reverse

START_SECONDS = 90
STOP_SECONDS = 15
# A further style's search takes 27 s of a slow machine's core; in one slice it stays where its
# sentences are still at hand.
SLICE_SECONDS = "45"


class DemoError(RuntimeError):
    """The demo cannot continue; the message says what to do."""


def ports_check() -> None:
    """Raise DemoError if a port is in use, naming the variable that changes it."""
    for variable in ("WEB_PORT", "SPEECH_PORT"):
        port = getattr(settings, variable)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise DemoError(
                    f"Port {port} is busy. Stop what uses it, or choose another: "
                    f"make demo {variable}={port + 10}"
                ) from None


@contextmanager
def processes_running(log: Path, *, engine: str) -> Iterator[None]:
    """Run the Procfile (web, worker, speech) under honcho; on exit, stop every process."""
    environment = {
        "SLICE_SECONDS": SLICE_SECONDS,
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "WEB_PORT": str(settings.WEB_PORT),
        "SPEECH_PORT": str(settings.SPEECH_PORT),
        "WORKERS": str(settings.WORKERS),
        "STUDENT": engine,
        "TTS_BACKEND": engine,
    }
    command = [sys.executable, "-m", "honcho", "--no-colour", "start", "-f", "Procfile"]
    with log.open("ab") as output:
        manager = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for_web(manager, log)
        yield
    finally:
        _stop(manager)


def _wait_for_web(manager: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if manager.poll() is not None:
            break
        with suppress(httpx.HTTPError):
            if httpx.get(settings.WEB_ADDRESS + reverse("login"), timeout=5).is_success:
                return
        time.sleep(0.2)
    raise DemoError(f"The web server did not come up. Its output is at the end of {log}.")


def _stop(manager: subprocess.Popen[bytes]) -> None:
    """Terminate honcho and its children; kill any that remain."""
    try:
        children = psutil.Process(manager.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    manager.send_signal(signal.SIGTERM)
    try:
        manager.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        manager.kill()
    for child in psutil.wait_procs(children, timeout=3)[1]:
        with suppress(psutil.NoSuchProcess):
            child.kill()
