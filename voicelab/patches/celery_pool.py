"""The pool of worker processes, in which a killed one takes no lock along.

Over a broker without an event loop (files) Celery's processes take their tasks from one pipe under
one lock. An idle process holds it while it waits, and billiard's semaphore stays held when that
process is killed: none after it ever gets a task. A lock on a file ends with its holder.
"""

import fcntl
import tempfile

from billiard.pool import Pool
from celery.concurrency import prefork


class KernelLock:
    """A lock between forked processes, which the kernel takes back from one that dies."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the lock)

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
    """billiard's pool with such locks at both of its pipes."""

    def _setup_queues(self) -> None:
        super()._setup_queues()
        self._inqueue._rlock = KernelLock()
        self._outqueue._wlock = KernelLock()


class TaskPool(prefork.TaskPool):
    """Celery's `prefork` with that pool; over Redis every process has a pipe of its own."""

    BlockingPool = BlockingPool
