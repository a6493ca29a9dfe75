"""The lock of the workers' pool: one holder at a time, released when the holder is killed."""

import multiprocessing
import os
import signal
import time
from contextlib import closing
from multiprocessing.connection import Connection

import pytest

from voicelab.patches.celery_pool import KernelLock

FORK = multiprocessing.get_context("fork")


def hold(lock: KernelLock, line: Connection, seconds: float) -> None:
    with lock:
        line.send("held")
        time.sleep(seconds)
        line.send("let go")


@pytest.mark.timeout(20)
def test_the_lock_is_held_by_one_process_and_released_when_it_is_killed() -> None:
    lock, (ours, theirs) = KernelLock(), FORK.Pipe()
    with closing(lock._file), ours, theirs:
        take_turns(lock, ours, theirs)


def take_turns(lock: KernelLock, ours: Connection, theirs: Connection) -> None:
    waiting = FORK.Process(target=hold, args=(lock, theirs, 0.3))
    waiting.start()
    assert ours.recv() == "held"
    with lock:
        assert ours.poll()
        assert ours.recv() == "let go"
    waiting.join()

    killed = FORK.Process(target=hold, args=(lock, theirs, 600.0))
    killed.start()
    assert ours.recv() == "held"
    os.kill(killed.pid or 0, signal.SIGKILL)
    with lock:
        assert not ours.poll()
    killed.join()
