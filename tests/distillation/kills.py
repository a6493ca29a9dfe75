"""Searches whose processes are killed repeatedly: what was evaluated where, and what was stored."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg

from distillation.stages.evaluation import Evaluation, Evaluator, PruningThreshold, Task
from tests.processes import manage, running, wait_for

WORKER = [sys.executable, "-m", "tests.distillation.kills"]
TWINS = """
from distillation.services.runs import run_launch
from tests.distillation.factories import tiny_run
run = tiny_run("neutral", steps={steps})
run_launch(person=run.created_by, recipe=run.run_recipe)
"""
SEVERAL = """
from distillation.services.recipes import recipe_build
from distillation.services.runs import run_launch
from tests.distillation.factories import PersonFactory, corpus_make
corpus_make(*{styles})
person = PersonFactory(roles=["admin"])
for wanted in {recipes}:
    run_launch(person=person, recipe=recipe_build(styles={styles}, seed=7, **wanted))
"""


def record_evaluations(path: Path) -> None:
    """Record what this process and its children evaluate from now on."""
    real = Evaluator.__call__

    def recorded(self: Evaluator, task: Task) -> Evaluation:
        began = time.process_time()
        evaluation = real(self, task)
        ended = time.process_time()
        with path.open("a") as notes:
            note = (self._recipe.steps, task.number, os.getpid(), began, ended)
            notes.write(" ".join(map(str, note)) + "\n")
        return evaluation

    Evaluator.__call__ = recorded  # type: ignore[method-assign]


def fake_evaluations() -> None:
    """Evaluate one candidate per process from now on; the others get random scores."""
    real, measured = Evaluator.__call__, list[Evaluation]()

    def faked(self: Evaluator, task: Task) -> Evaluation:
        if not measured:
            measured.append(real(self, replace(task, threshold=PruningThreshold())))
        [evaluation], rng = measured, random.Random(task.number)  # noqa: S311
        assert evaluation.score
        total = 90.0 - 20.0 / (1 + task.number / 500) + rng.gauss(0.0, 1.5)
        return replace(evaluation, score=replace(evaluation.score, total=total), ceiling=total)

    Evaluator.__call__ = faked  # type: ignore[method-assign]


@dataclass
class KillStatistics:
    """What the kills cost.

    Attributes
    ----------
    kills, idle : int
        Processes killed, and how many of them had nothing to do.
    lost : Counter
        By candidate, the evaluations that may have been lost with their process: it died
        before the slice they belong to was stored.
    """

    kills: int = 0
    idle: int = 0
    lost: Counter[int] = field(default_factory=Counter)

    def evaluated_twice(self, evaluated: Iterable[int]) -> list[int]:
        """Return the candidates evaluated more often than the kills explain."""
        return [number for number, times in (Counter(evaluated) - self.lost).items() if times > 1]


def pool(worker: psutil.Process) -> list[psutil.Process]:
    """Return the processes of a worker's pool."""
    return [one for one in worker.children() if _words(one) == worker.cmdline()]


def _words(process: psutil.Process) -> list[str]:
    """Return the command line, empty once the process has ended."""
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def committed(checkpoint: Path) -> int:
    """Return the number of candidates evaluated before this checkpoint; 0 without one."""
    if not checkpoint.is_file():
        return 0
    with np.load(io.BytesIO(checkpoint.read_bytes())) as npz:
        return int(json.loads(npz["meta"].tobytes())["evaluations"])


class Runs:
    """A data folder with launched runs, and workers that record what they evaluate."""

    def __init__(
        self,
        data: Path,
        launch: str,
        *,
        slice_seconds: float = 20.0,
        servers: Mapping[str, str] | None = None,
        drawn: bool = False,
    ) -> None:
        self.data, self._notes = data, data / "notes"
        self._servers = servers or {}  # DATABASE_URL and REDIS_URL, or the embedded ones
        self._env = {
            "DJANGO_SETTINGS_MODULE": "voicelab.settings",  # those of tests move the data
            "VOICELAB_DATA_DIR": str(data),
            "SLICE_SECONDS": str(slice_seconds),
            "NOTES": str(self._notes),
            "DRAWN": "yes" if drawn else "",
            **self._servers,
        }
        manage("migrate", "--verbosity=0", env=self._env)
        manage("shell", "--verbosity=0", "-c", launch, env=self._env)

    def ask(self, query: str, *values: int) -> list[tuple]:
        """Return the answer to a query with `?` for each of the values."""
        if url := self._servers.get("DATABASE_URL"):
            with psycopg.connect(url) as server:
                rows = server.execute(query.replace("?", "%s"), values)
                return rows.fetchall() if rows.description else []
        with sqlite3.connect(self.data / "db.sqlite3", timeout=20) as database:
            return database.execute(query, values).fetchall()

    @contextmanager
    def worker(self, concurrency: int) -> Iterator[psutil.Process]:
        command = [*WORKER, f"--concurrency={concurrency}"]
        with running(command, log=self.data / "log", env=self._env) as process:
            self.running = psutil.Process(process.pid)
            yield self.running

    def evaluated(self) -> list[tuple[int, int]]:
        """Return the number and the process of every candidate evaluated so far."""
        return [(number, pid) for number, pid, *_ in self._noted()]

    def overhead(self) -> float:
        """Return the part of the processor time not spent on evaluation, from first to last."""
        spans: dict[int, list[tuple[float, float]]] = {}
        for _, pid, began, ended in self._noted():
            spans.setdefault(pid, []).append((began, ended))
        whole = sum(of[-1][1] - of[0][0] for of in spans.values())
        return 1 - sum(ended - began for of in spans.values() for began, ended in of) / whole

    def _noted(self) -> list[tuple[int, int, float, float]]:
        if not self._notes.exists():
            return []
        lines = [line.split() for line in self._notes.read_text().splitlines()]
        return [(int(n), int(pid), float(one), float(two)) for _, n, pid, one, two in lines]

    def packs(self) -> list[str]:
        """Return the hashes of the evolved packs, by run and style."""
        rows = self.ask(
            "select sha256 from distillation_voicepack where kind = 'evolved' order by style_run_id"
        )
        return [sha256 for (sha256,) in rows]

    def pause(self, run: int) -> None:
        self.ask("update distillation_stylerun set state = 'paused' where run_id = ?", run)

    def release(self, run: int) -> None:
        """Queue a paused run; clear the record of earlier evaluations."""
        self._notes.unlink(missing_ok=True)
        queued = "update distillation_stylerun set state = 'queued', queued_at = null"
        self.ask(f"{queued} where run_id = ?", run)

    def ended(self, run: int) -> bool:
        """Return whether this run has finished; fail if a style of any run failed."""
        failed = self.ask("select error from distillation_stylerun where state = 'failed'")
        assert not failed, failed
        return (run,) in self.ask("select id from distillation_run where state = 'finished'")

    def finish(self, run: int, *, seconds: float) -> None:
        wait_for("the end of the run", lambda: self.ended(run), seconds=seconds)


class KilledRun(Runs):
    """Two runs of one recipe: one uninterrupted, one whose processes are killed."""

    def __init__(self, data: Path, *, steps: int, **how: Any) -> None:
        super().__init__(data, TWINS.format(steps=steps), **how)
        self.pause(2)

    def finish_first(self, *, seconds: float) -> None:
        """Let the uninterrupted run finish, then release the other."""
        self.finish(1, seconds=seconds)
        self.release(2)

    def kill(self, times: int, seed: int, *, seconds: float) -> KillStatistics:
        """Kill one of the pool's processes whenever a slice was stored, at a random moment."""
        rng, statistics, before = random.Random(seed), KillStatistics(), 0  # noqa: S311
        deadline = time.monotonic() + seconds
        while not self.ended(2) and time.monotonic() < deadline:
            query = "select slice, stage from distillation_stylerun where id = 2"
            [(slice_, stage)] = self.ask(query)
            if statistics.kills < times and stage == "evolve" and slice_ > before:
                time.sleep(rng.uniform(0.0, 1.5))
                pids = [process.pid for process in pool(self.running)]
                if pids:
                    pid = rng.choice(pids)
                    statistics.idle += pid not in self._busy()
                    statistics.lost += self._kill(pid)
                    statistics.kills, before = statistics.kills + 1, slice_
            time.sleep(0.1)
        return statistics

    def _busy(self) -> set[int]:
        owners = self.ask(
            "select owner from distillation_heartbeat where lease in ("
            "select lease from distillation_stylerun union "
            "select lease from distillation_candidateclaim where evaluation is null)"
        )
        return {int(owner.rpartition("/")[2]) for (owner,) in owners}

    def _kill(self, pid: int) -> Counter[int]:
        process = psutil.Process(pid)
        process.kill()
        process.wait(30)
        [(name,)] = self.ask("select checkpoint from distillation_stylerun where id = 2")
        stored = committed(self.data / "media" / name)
        return Counter(number for number, of in self.evaluated() if of == pid and number >= stored)


def kill_repeatedly(
    work: Callable[[], None], times: int, seed: int, *, longest_s: float
) -> Iterator[int]:
    """Fork, work, kill at a random moment; yield the process number of each that was killed.

    Ends once a process came to its end; after so many kills none is disturbed any more.
    """
    rng, kills = random.Random(seed), 0  # noqa: S311
    while True:
        process = multiprocessing.get_context("fork").Process(target=work)
        process.start()
        process.join(rng.uniform(0.2, longest_s) if kills < times else None)
        if process.exitcode is not None:
            assert process.exitcode == 0
            return
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        kills += 1
        yield process.pid or 0


def main() -> None:
    """Run a worker that records what it evaluates; its pool forks with everything loaded."""
    import cmaes  # noqa: F401
    import django

    django.setup()
    from distillation.scoring import speaker_encoder
    from voicelab.celery import app

    if os.environ.get("DRAWN"):
        fake_evaluations()
    record_evaluations(Path(os.environ["NOTES"]))
    speaker_encoder()
    app.worker_main(["worker", "--loglevel=info", *sys.argv[1:]])


if __name__ == "__main__":
    main()
