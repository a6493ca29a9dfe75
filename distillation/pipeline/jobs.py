"""Worker processes of this machine that evaluate the candidates of a batch in parallel."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from distillation.engines.praat import espeak
from distillation.recipe import RunRecipe
from distillation.stages.evaluation import (
    Evaluation,
    Evaluations,
    Evaluator,
    GoOn,
    Task,
    evaluated_sequentially,
)
from distillation.stages.style_runner import make_student

LOST = (EOFError, ConnectionResetError, BrokenPipeError)
THREADS = "OMP_NUM_THREADS"
# Processes and not threads: espeak-ng inside Praat is not made for threads, and torch's would
# share one interpreter.
RENEWED = 2000  # candidates a process evaluates: praat leaks 0.24 MB over each
CONTEXT = multiprocessing.get_context("spawn")  # a fork would take torch's threads along


class Jobs:
    """A batch evaluator for `Evolution.advance`: so many processes, each with an engine of its own.

    This process hands the candidates out in order and takes the evaluations in order, so the
    outcome is that of one job. Told to stop it lets them end what they have begun. A process
    that dies is replaced, unless it never evaluated any, and its candidate is evaluated here; one
    that has evaluated `RENEWED` is replaced too. They end with this process, also where it is
    killed.

    Parameters
    ----------
    count : int
        Processes, 1 or more; each computes in one thread.
    recipe, model_dir, target : RunRecipe, path, path
        What each of them evaluates with.
    evaluator : Evaluator
        Evaluates here what a process was lost with.
    """

    def __init__(
        self,
        count: int,
        recipe: RunRecipe,
        model_dir: Path,
        target: Path,
        evaluator: Evaluator,
    ) -> None:
        self._with = (recipe, model_dir, target)
        self._evaluator = evaluator
        self._jobs = [_Job(*self._with) for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(self._jobs)

    def __call__(self, tasks: Sequence[Task], go_on: GoOn) -> Evaluations:
        left, begun = deque(tasks), deque[Task]()
        evaluated: dict[int, Evaluation] = {}
        try:
            while True:
                while left and (job := self._free()) and (len(left) == len(tasks) or go_on()):
                    begun.append(left.popleft())
                    job.begin(begun[-1])
                if not begun:
                    break
                if begun[0].number in evaluated:
                    yield evaluated.pop(begun.popleft().number)
                else:
                    evaluated |= self._next()
            if left and not self._jobs:
                yield from evaluated_sequentially(self._evaluator)(tuple(left), go_on)
        finally:
            self._end([job for job in self._jobs if job.task])  # given up in the middle

    @property
    def pids(self) -> list[int]:
        return [job.process.pid or 0 for job in self._jobs]

    def _free(self) -> _Job | None:
        return next((job for job in self._jobs if job.task is None), None)

    def _next(self) -> dict[int, Evaluation]:
        """Wait for evaluations; return them by the candidates' numbers."""
        busy = {job.line: (job, job.task) for job in self._jobs if job.task}
        found = {}
        for line in wait(list(busy)):
            job, task = busy[line]  # type: ignore[index]
            found[task.number] = job.evaluation() or self._instead(job, task)
            if job.evaluated == RENEWED:
                self._replace(job)
        return found

    def _instead(self, lost: _Job, task: Task) -> Evaluation:
        if lost.evaluated:
            self._replace(lost)
        else:
            self._end([lost])
        return self._evaluator(task)

    def _replace(self, job: _Job) -> None:
        self._end([job])
        self._jobs.append(_Job(*self._with))

    def _end(self, jobs: Sequence[_Job]) -> None:
        for job in tuple(jobs):
            self._jobs.remove(job)
            job.end()


class _Job:
    """One process, and the candidate it has at hand."""

    def __init__(self, *with_: Any) -> None:
        self.task: Task | None = None
        self.evaluated = 0
        self.line, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_work, args=(theirs, *with_), daemon=True)
        with _for_a_job():
            self.process.start()
        theirs.close()

    def begin(self, task: Task) -> None:
        self.task = task
        with suppress(*LOST):  # `evaluation` finds out
            self.line.send(task)

    def evaluation(self) -> Evaluation | None:
        """Return what came of the candidate; None where the process is no more."""
        try:
            evaluation: Evaluation = self.line.recv()
        except LOST:
            return None
        self.task = None
        self.evaluated += 1
        return evaluation

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.line.close()


@contextmanager
def _for_a_job() -> Iterator[None]:
    """Start what begins here with one thread, and deaf to Ctrl-C: that is for who leads."""
    resource_tracker.ensure_running()  # its start would undo the mask
    threads = os.environ.get(THREADS)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ[THREADS] = "1"
    try:
        yield
    finally:
        os.environ.pop(THREADS)
        os.environ |= {THREADS: threads} if threads is not None else {}
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _work(line: Connection, recipe: RunRecipe, model_dir: Path, target: Path) -> None:
    espeak.speak_here()
    evaluator = Evaluator(recipe, make_student(recipe, model_dir), target)
    with suppress(*LOST):
        while True:
            line.send(evaluator(line.recv()))
