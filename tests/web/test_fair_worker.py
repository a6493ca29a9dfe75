"""Threads that take turns: one at a time while tasks are short, none blocked by a slow one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from voicelab.patches.fair_worker import FairExecutor

LONG_S = 60.0
SOON_S = 20.0


@pytest.fixture
def patient_pool() -> Iterator[FairExecutor]:
    """Four threads; no task loses its turn within the test."""
    executor = FairExecutor(4, patience_s=LONG_S)
    yield executor
    executor.shutdown()


@pytest.fixture
def impatient_pool() -> Iterator[FairExecutor]:
    executor = FairExecutor(4, patience_s=0.01)
    yield executor
    executor.shutdown()


def test_short_tasks_run_one_at_a_time_and_in_order(patient_pool: FairExecutor) -> None:
    inside, seen = [], []

    def task(n: int) -> int:
        inside.append(n)
        seen.append(len(inside))
        time.sleep(0.002)
        inside.remove(n)
        return n

    futures = [patient_pool.submit(task, n) for n in range(40)]
    assert [future.result(SOON_S) for future in futures] == list(range(40))
    assert seen == [1] * 40


def test_other_tasks_overtake_a_slow_one_which_still_finishes(impatient_pool: FairExecutor) -> None:
    line = threading.Event()
    slow = impatient_pool.submit(line.wait, SOON_S)
    assert [impatient_pool.submit(pow, 2, n).result(SOON_S) for n in range(5)] == [1, 2, 4, 8, 16]
    assert not slow.done()
    line.set()
    assert slow.result(SOON_S) is True


def test_stuck_threads_delay_the_others_only_once(impatient_pool: FairExecutor) -> None:
    impatient_pool._patience_s = 0.2
    line = threading.Event()
    stuck = [impatient_pool.submit(line.wait, SOON_S) for _ in range(3)]
    impatient_pool.submit(int).result(SOON_S)
    started = time.monotonic()
    for _ in range(50):
        impatient_pool.submit(int).result(SOON_S)
    assert time.monotonic() - started < 50 * 0.2
    line.set()
    assert all(future.result(SOON_S) for future in stuck)


def test_with_every_thread_busy_the_next_task_waits(impatient_pool: FairExecutor) -> None:
    line = threading.Event()
    stuck = [impatient_pool.submit(line.wait, SOON_S) for _ in range(4)]
    last = impatient_pool.submit(int)
    time.sleep(0.1)
    assert not last.done()
    line.set()
    assert last.result(SOON_S) == 0
    assert all(future.result(SOON_S) for future in stuck)


def test_an_exception_is_set_on_the_future_and_the_threads_continue(
    patient_pool: FairExecutor,
) -> None:
    with pytest.raises(ZeroDivisionError):
        patient_pool.submit(divmod, 1, 0).result(SOON_S)
    assert patient_pool.submit(divmod, 7, 2).result(SOON_S) == (3, 1)


def test_a_task_may_submit_another(patient_pool: FairExecutor) -> None:
    inner = patient_pool.submit(patient_pool.submit, int).result(SOON_S)
    assert inner.result(SOON_S) == 0


def test_shutdown_finishes_submitted_tasks_and_accepts_no_more() -> None:
    executor = FairExecutor(2)
    futures = [executor.submit(time.sleep, 0.001) for _ in range(10)]
    executor.shutdown()
    assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError):
        executor.submit(int)


def test_shutdown_can_cancel_tasks_not_started(patient_pool: FairExecutor) -> None:
    line = threading.Event()
    first = patient_pool.submit(line.wait, SOON_S)
    while not first.running():
        time.sleep(0.001)
    rest = [patient_pool.submit(int) for _ in range(5)]
    patient_pool.shutdown(wait=False, cancel_futures=True)
    line.set()
    assert first.result(SOON_S) is True
    assert all(future.cancelled() for future in rest)


def test_no_concurrently_submitted_task_is_lost(impatient_pool: FairExecutor) -> None:
    done: list[int] = []
    hands = [
        threading.Thread(
            target=lambda k=k: [impatient_pool.submit(done.append, k) for _ in range(200)]
        )
        for k in range(5)
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    impatient_pool.shutdown()
    assert sorted(done) == [k for k in range(5) for _ in range(200)]
