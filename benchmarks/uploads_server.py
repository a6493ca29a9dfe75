"""The web server of the upload benchmark: restarted, killed, with its memory monitored."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import psutil

from tests.processes import accepts, running, wait_for

REPOSITORY = Path(__file__).resolve().parent.parent


class Server:
    """Gunicorn as started by the Procfile, on one data folder, across restarts."""

    def __init__(self, port: int, env: Mapping[str, str], log: Path, workers: int) -> None:
        self.port, self.env, self.log = port, env, log
        self.command = command(workers)
        self.peaks_mb: dict[int, float] = {}
        self._stack = ExitStack()
        self._pid = 0

    def start(self) -> None:
        process = self._stack.enter_context(running(self.command, log=self.log, env=self.env))
        self._pid = process.pid
        wait_for("the web server", lambda: accepts(self.port), seconds=60)

    def restart(self, sign: signal.Signals) -> None:
        """Restart: SIGTERM lets requests finish; SIGKILL kills master and workers at once."""
        if sign == signal.SIGKILL:
            os.killpg(self._pid, sign)
        self._stack.close()
        wait_for("the port", lambda: not accepts(self.port), seconds=60)
        self.start()

    def stop(self) -> None:
        self._stack.close()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Record the peak resident size (VmHWM) of every worker, five times a second."""
        done = Event()
        watcher = Thread(target=self._watch, args=(done,))
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _watch(self, done: Event) -> None:
        while not done.wait(0.2):
            self.look()

    def look(self) -> None:
        try:
            workers = psutil.Process(self._pid).children(recursive=True)
            for worker in workers:
                self.peaks_mb[worker.pid] = peak_mb(worker.pid)
        except (psutil.NoSuchProcess, OSError, TypeError):
            return  # between two restarts

    def memory(self) -> str:
        self.look()
        return f"highest of {len(self.peaks_mb)} web processes {max(self.peaks_mb.values()):.0f} MB"

    def processor_s(self) -> float:
        workers = psutil.Process(self._pid).children(recursive=True)
        return sum(sum(worker.cpu_times()[:2]) for worker in workers)


def command(workers: int) -> list[str]:
    lines = (REPOSITORY / "Procfile").read_text().splitlines()
    [line] = [row for row in lines if row.startswith("web:")]
    words = re.sub(r" --workers \d+", "", line.removeprefix("web:").strip())
    return ["/bin/sh", "-c", f"{words} --workers {workers}"]


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def settle(seconds: float = 0.5) -> None:
    """Give the server time to finish the work of closed connections."""
    time.sleep(seconds)
