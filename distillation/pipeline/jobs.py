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
from distillation.stages.initialization import stock_of
from distillation.stages.search_context import SearchContext
from distillation.stages.style_runner import make_student
from distillation.stages.voice_atlas import atlas_for

PROCESS_LOST = (EOFError, ConnectionResetError, BrokenPipeError)
THREADS = "OMP_NUM_THREADS"
# Processes instead of threads: espeak-ng inside Praat is not thread-safe, and torch's threads
# would share one interpreter.
CANDIDATES_PER_PROCESS = 2000  # candidates evaluated per process: praat leaks 0.24 MB for each
CONTEXT = multiprocessing.get_context("spawn")  # forking with torch's threads is unsafe


class Jobs:
    """A batch evaluator for `Evolution.advance`: several processes, each with its own engine.

    This process sends candidates and takes evaluations in order, so the result is the same as
    with one job. When stopping, it waits for candidates in progress. A process that dies is
    replaced, unless it never evaluated any, and its candidate is evaluated here; a process that
    has evaluated `CANDIDATES_PER_PROCESS` candidates is replaced too. The processes end with this
    one, even if it is killed.

    Parameters
    ----------
    count : int
        Number of processes, 1 or more; each computes in one thread.
    recipe, model_dir, target : RunRecipe, path, path
        Passed to each process.
    evaluator : Evaluator
        Evaluates, in this process, the candidates of lost processes.
    context : SearchContext, optional
        Passed to each process.
    """

    def __init__(
        self,
        count: int,
        recipe: RunRecipe,
        model_dir: Path,
        target: Path,
        evaluator: Evaluator,
        context: SearchContext | None = None,
    ) -> None:
        self._with = (recipe, model_dir, target, context)
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
        left, started = deque(tasks), deque[Task]()
        evaluated: dict[int, Evaluation] = {}
        try:
            while True:
                while left and (job := self._free()) and (len(left) == len(tasks) or go_on()):
                    started.append(left.popleft())
                    job.begin(started[-1])
                if not started:
                    break
                if started[0].number in evaluated:
                    yield evaluated.pop(started.popleft().number)
                else:
                    evaluated |= self._next()
            if left and not self._jobs:
                yield from evaluated_sequentially(self._evaluator)(tuple(left), go_on)
        finally:
            self._end([job for job in self._jobs if job.task])  # abandoned mid-evaluation

    @property
    def pids(self) -> list[int]:
        return [job.process.pid or 0 for job in self._jobs]

    def _free(self) -> _Job | None:
        return next((job for job in self._jobs if job.task is None), None)

    def _next(self) -> dict[int, Evaluation]:
        """Wait for evaluations; return them by candidate number."""
        busy = {job.line: (job, job.task) for job in self._jobs if job.task}
        found = {}
        for line in wait(list(busy)):
            job, task = busy[line]  # type: ignore[index]
            found[task.number] = job.evaluation() or self._evaluate_here(job, task)
            if job.evaluated == CANDIDATES_PER_PROCESS:
                self._replace(job)
        return found

    def _evaluate_here(self, lost: _Job, task: Task) -> Evaluation:
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
    """One process, and the candidate it is evaluating."""

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
        with suppress(*PROCESS_LOST):  # `evaluation` detects it
            self.line.send(task)

    def evaluation(self) -> Evaluation | None:
        """Return the evaluation of the candidate; None if the process has died."""
        try:
            evaluation: Evaluation = self.line.recv()
        except PROCESS_LOST:
            return None
        self.task = None
        self.evaluated += 1
        return evaluation

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.line.close()


@contextmanager
def atlas_helpers(
    count: int, recipe: RunRecipe, model_dir: Path, atlas_dir: Path
) -> Iterator[None]:
    """Let further processes measure base voices as long as this one does, into the same folder.

    A process that fails or is killed costs only its help.
    """
    with _for_a_job():
        helpers = [
            CONTEXT.Process(target=_measure, args=(recipe, model_dir, atlas_dir), daemon=True)
            for _ in range(count)
        ]
        for helper in helpers:
            helper.start()
    try:
        yield
    finally:
        for helper in helpers:
            helper.kill()
            helper.join()


@contextmanager
def _for_a_job() -> Iterator[None]:
    """Make processes started here use one thread and ignore Ctrl-C, which the parent handles."""
    resource_tracker.ensure_running()  # starting it later would reset the mask
    threads = os.environ.get(THREADS)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ[THREADS] = "1"
    try:
        yield
    finally:
        os.environ.pop(THREADS)
        os.environ |= {THREADS: threads} if threads is not None else {}
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _work(
    line: Connection,
    recipe: RunRecipe,
    model_dir: Path,
    target: Path,
    context: SearchContext | None,
) -> None:
    espeak.speak_in_this_process()
    student = make_student(recipe.student, recipe.student_options, model_dir)
    evaluator = Evaluator(recipe, student, target, context)
    with suppress(*PROCESS_LOST):
        while True:
            line.send(evaluator(line.recv()))


def _measure(recipe: RunRecipe, model_dir: Path, atlas_dir: Path) -> None:
    student = make_student(recipe.student, recipe.student_options, model_dir)
    if atlas := atlas_for(recipe, student, stock_of(recipe, student), atlas_dir):
        atlas.build()
