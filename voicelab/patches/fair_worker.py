"""Gunicorn's threaded worker, with short requests run one at a time.

Busy threads hand the GIL to each other at every query; running one at a time stores a sixth
(PostgreSQL) to a third (SQLite) more labels per second. A long request, typically an upload over
a slow connection, keeps its thread but no longer blocks the others.
"""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Condition, Thread, get_ident
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

PATIENCE_S = 0.02  # about the time of several label requests
YIELD_S = 0.001  # after each connection: long enough for another process to take the next


class FairWorker(ThreadWorker):
    def accept(self, listener: Any) -> None:
        super().accept(listener)
        time.sleep(YIELD_S)  # so that no process takes all connections of a burst

    def get_thread_pool(self) -> Executor:
        return FairExecutor(self.cfg.threads)


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
