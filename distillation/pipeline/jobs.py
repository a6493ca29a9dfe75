"""Jobs: processes of this machine that judge the candidates of a batch side by side."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from distillation import engines
from distillation.engines import espeak
from distillation.recipe import RunRecipe
from distillation.stages.judging import GoOn, Judge, Task, Verdict, Verdicts, judged_alone

LOST = (EOFError, ConnectionResetError, BrokenPipeError)
THREADS = "OMP_NUM_THREADS"
RENEWED = 2000  # candidates a process judges: praat leaks 0.24 MB over each
CONTEXT = multiprocessing.get_context("spawn")  # a fork would take torch's threads along


class Jobs:
    """Judges for `Evolution.advance`: so many processes, each with an engine of its own.

    This process hands the candidates out in order and takes the verdicts in order, so the
    outcome is that of one job. Told to stop it lets them end what they have begun. A process
    that dies is replaced, unless it never judged any, and its candidate is judged here; one
    that has judged `RENEWED` is replaced too. They end with this process, also where it is
    killed.

    Parameters
    ----------
    count : int
        Processes, 1 or more; each computes in one thread.
    recipe, student_options, target : RunRecipe, dict, path
        What each of them judges with.
    judge : callable
        Judges here what a process was lost with.
    """

    def __init__(
        self,
        count: int,
        recipe: RunRecipe,
        student_options: Mapping[str, Any],
        target: Path,
        judge: Judge,
    ) -> None:
        self._with = (recipe, dict(student_options), target)
        self._judge = judge
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

    def __call__(self, tasks: Sequence[Task], go_on: GoOn) -> Verdicts:
        left, begun = deque(tasks), deque[Task]()
        judged: dict[int, Verdict] = {}
        try:
            while True:
                while left and (job := self._free()) and (len(left) == len(tasks) or go_on()):
                    begun.append(left.popleft())
                    job.begin(begun[-1])
                if not begun:
                    break
                if begun[0].number in judged:
                    yield judged.pop(begun.popleft().number)
                else:
                    judged |= self._next()
            if left and not self._jobs:
                yield from judged_alone(self._judge)(tuple(left), go_on)
        finally:
            self._end([job for job in self._jobs if job.task])  # given up in the middle

    @property
    def pids(self) -> list[int]:
        return [job.process.pid or 0 for job in self._jobs]

    def _free(self) -> _Job | None:
        return next((job for job in self._jobs if job.task is None), None)

    def _next(self) -> dict[int, Verdict]:
        """Wait for verdicts; return them by the candidates' numbers."""
        busy = {job.line: (job, job.task) for job in self._jobs if job.task}
        found = {}
        for line in wait(list(busy)):
            job, task = busy[line]  # type: ignore[index]
            found[task.number] = job.verdict() or self._instead(job, task)
            if job.judged == RENEWED:
                self._replace(job)
        return found

    def _instead(self, lost: _Job, task: Task) -> Verdict:
        if lost.judged:
            self._replace(lost)
        else:
            self._end([lost])
        return self._judge(task)

    def _replace(self, job: _Job) -> None:
        self._end([job])
        self._jobs.append(_Job(*self._with))

    def _end(self, jobs: Sequence[_Job]) -> None:
        for job in tuple(jobs):
            self._jobs.remove(job)
            job.end()


class _Job:
    """One process, and the candidate it has at hand."""

    def __init__(self, *judge_with: Any) -> None:
        self.task: Task | None = None
        self.judged = 0
        self.line, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_work, args=(theirs, *judge_with), daemon=True)
        with _for_a_job():
            self.process.start()
        theirs.close()

    def begin(self, task: Task) -> None:
        self.task = task
        with suppress(*LOST):  # `verdict` finds out
            self.line.send(task)

    def verdict(self) -> Verdict | None:
        """Return what came of the candidate; None where the process is no more."""
        try:
            verdict: Verdict = self.line.recv()
        except LOST:
            return None
        self.task = None
        self.judged += 1
        return verdict

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


def _work(line: Connection, recipe: RunRecipe, options: dict[str, Any], target: Path) -> None:
    espeak.speak_here()
    judge = Judge(recipe, engines.student(recipe.student, options), target)
    with suppress(*LOST):
        while True:
            line.send(judge(line.recv()))
