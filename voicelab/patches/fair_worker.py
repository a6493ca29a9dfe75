"""Gunicorn's worker for the web: waitress receives and sends, threads take short turns.

Gunicorn starts, watches and replaces the processes, but its threads wait for slow clients: eight
half-sent requests stop eight threads. Waitress reads requests and writes answers in one loop (a
large body waits in a temporary file), so a thread sees a request only once all of it is here.

Busy threads hand the GIL to each other at every query; running one at a time stores a sixth
(PostgreSQL) to a third (SQLite) more labels per second. A long request, such as an export, keeps
its thread but does not block the others.
"""

import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Condition, Thread, get_ident
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server

PATIENCE_S = 0.02  # about the time of several label requests
YIELD_S = 0.001  # after each connection: long enough for another process to take the next
GRACE_S = 30.0  # a request may be slower than SLOWEST for so long
SLOWEST = 1024  # bytes a second
LIMITS = {
    "connection_limit": 500,
    "channel_timeout": 60,  # seconds without a byte either way
    "asyncore_use_poll": True,
    "clear_untrusted_proxy_headers": False,  # voicelab.wsgi does, by networks
    "ident": None,
}


class Connection(HTTPChannel):
    """A client's connection; `is_late` says when to give its request up."""

    begun = 0.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        time.sleep(YIELD_S)  # so that no process takes all connections of a burst

    def received(self, data: bytes) -> Any:
        if self.request is None:
            self.begun = time.monotonic()
        return super().received(data)

    def is_late(self, now: float) -> bool:
        request = self.request
        if request is None:
            return False
        sent = request.header_bytes_received + request.body_bytes_received
        return bool(now - self.begun > GRACE_S + sent / SLOWEST)


class FairWorker(Worker):
    def run(self) -> None:
        self._sockets: dict[int, Any] = {}
        executor = FairExecutor(self.cfg.threads)
        create_server(
            self.wsgi,
            map=self._sockets,
            sockets=[listener.sock for listener in self.sockets],
            _dispatcher=_Dispatcher(executor),
            max_request_body_size=2 * settings.MAX_BATCH_BYTES,  # Django says what is too large
            **LIMITS,
        )
        for part in self._of(BaseWSGIServer):
            part.channel_class = Connection
        while self.alive and self.ppid == os.getppid():
            self._turn()
        self._finish()

    def _turn(self) -> None:
        self.notify()
        wasyncore.loop(timeout=1.0, use_poll=True, map=self._sockets, count=1)
        now = time.monotonic()
        for connection in self._of(Connection):
            if connection.is_late(now):
                connection.will_close = True

    def _finish(self) -> None:
        """Take no more connections; answer what is being answered."""
        for part in self._of(BaseWSGIServer):
            part.accepting = False
        until = time.monotonic() + self.cfg.graceful_timeout
        while time.monotonic() < until and any(
            one.requests or one.total_outbufs_len for one in self._of(Connection)
        ):
            self._turn()
        wasyncore.close_all(self._sockets)

    def _of(self, kind: type) -> list[Any]:
        return [one for one in list(self._sockets.values()) if isinstance(one, kind)]


class _Dispatcher:
    """What waitress hands complete requests to."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def add_task(self, connection: Any) -> None:
        self._executor.submit(connection.service)


class FairExecutor(Executor):
    """Run tasks in threads, each started when the previous one ends or has run `patience_s`."""

    def __init__(self, threads: int, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._tasks: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._changed = Condition()
        self._holder: int | None = None  # the thread whose turn it is
        self._until = 0.0
        self._watched = False  # a thread is waiting for the end of the current turn
        self._open = True
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._changed:
            if not self._open:
                raise RuntimeError("no task is taken after shutdown")
            self._tasks.append((future, lambda: fn(*args, **kwargs)))
            if self._is_free():
                self._changed.notify()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._changed:
            self._open = False
            for future, _ in self._tasks if cancel_futures else ():
                future.cancel()
            self._changed.notify_all()
        for thread in self._threads if wait else ():
            thread.join()

    def _work(self) -> None:
        while taken := self._take():
            future, task = taken
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = task()
            except BaseException as problem:
                future.set_exception(problem)
            else:
                future.set_result(result)

    def _take(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._changed:
            if self._holder == get_ident():
                self._holder = None
            while not (self._tasks and self._is_free()):
                if not (self._open or self._tasks):
                    return None
                self._wait()
            self._holder, self._until = get_ident(), time.monotonic() + self._patience_s
            if not self._watched:
                self._changed.notify()
            return self._tasks.popleft()

    def _is_free(self) -> bool:
        return self._holder is None or time.monotonic() >= self._until

    def _wait(self) -> None:
        if self._watched or self._is_free():
            self._changed.wait()
            return
        self._watched = True
        self._changed.wait(max(0.0, self._until - time.monotonic()))
        self._watched = False
