"""Celery's prefork pool with locks that are released when their process is killed.

With a broker without an event loop (filesystem), Celery's processes read their tasks from one pipe
under one lock. An idle process holds the lock while it waits, and billiard's semaphore stays
locked when that process is killed: no other process ever gets a task again. The kernel releases a
file lock when its holder dies.
"""

import fcntl
import tempfile

from billiard.pool import Pool
from celery.concurrency import prefork


class KernelLock:
    """A lock between forked processes that the kernel releases when its holder dies."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the lock)

    def acquire(self) -> bool:
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()


class BlockingPool(Pool):
    """billiard's pool with a KernelLock on both of its pipes."""

    def _setup_queues(self) -> None:
        super()._setup_queues()
        self._inqueue._rlock = KernelLock()
        self._outqueue._wlock = KernelLock()


class TaskPool(prefork.TaskPool):
    """Celery's `prefork` with this pool; with Redis every process has its own pipe."""

    BlockingPool = BlockingPool
