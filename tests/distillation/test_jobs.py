"""Jobs of run_pipeline: the same pack as with one job, despite kills and interruptions."""

import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from corpus.audio.io import write_wav
from distillation.pipeline.jobs import Jobs
from distillation.stages.evaluation import Evaluator, PruningThreshold, Task, evaluated_sequentially
from tests.distillation.kills import committed
from tests.distillation.voices import LONG, recipe, say, student
from tests.processes import wait_for

NAMES = ("pf_luz", "pm_teo", "pf_sol", "pm_gil")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("target") / "target.wav"
    write_wav(path, say(LONG))
    return path


@pytest.fixture(scope="module")
def evaluator(target: Path) -> Evaluator:
    return Evaluator(recipe(), student(), target)


def tasks() -> list[Task]:
    return [
        Task(n, student().stock_voice(name).data, PruningThreshold())
        for n, name in enumerate(NAMES * 3)
    ]


def always() -> bool:
    return True


@pytest.mark.slow
def test_a_process_is_replaced_before_its_memory_grows(
    target: Path, evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distillation.pipeline.jobs.CANDIDATES_PER_PROCESS", 2)
    alone = list(evaluated_sequentially(evaluator)(tasks()[:3], always))
    with Jobs(1, recipe(), target.parent, target, evaluator) as jobs:
        [first] = jobs.pids
        assert list(jobs(tasks()[:3], always)) == alone
        [second] = jobs.pids
    assert first != second
    assert not psutil.pid_exists(first)


@pytest.mark.slow
def test_evaluations_and_their_order_equal_those_of_one_job(
    target: Path, evaluator: Evaluator
) -> None:
    alone = list(evaluated_sequentially(evaluator)(tasks()[:4], always))
    with Jobs(2, recipe(), target.parent, target, evaluator) as jobs:
        processes = [psutil.Process(pid) for pid in jobs.pids]
        both = jobs(tasks(), always)
        assert [next(both) for _ in range(2)] == alone[:2]
        os.kill(jobs.pids[0], signal.SIGKILL)
        assert list(both) == (alone * 3)[2:]
        assert len(jobs.pids) == 2  # replaced
        stopped = jobs(tasks(), lambda: False)
        assert list(stopped) == alone[:1]
        left = jobs(tasks(), always)
        next(left)
        left.close()
        processes += [psutil.Process(pid) for pid in jobs.pids]
    assert not [process for process in processes if process.is_running()]


@pytest.mark.slow
def test_processes_that_cannot_start_are_not_restarted(target: Path, evaluator: Evaluator) -> None:
    with Jobs(2, recipe(), target.parent, target.with_name("gone.wav"), evaluator) as jobs:
        evaluations = list(jobs(tasks()[:4], always))
        assert not jobs.pids
    assert evaluations == list(evaluated_sequentially(evaluator)(tasks()[:4], always))


def test_less_than_one_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--jobs: 1 or more"):
        call_command("run_pipeline", "--jobs", "0", "--out", str(tmp_path))


EVOLVE = ("--stage", "evolve", "--steps", "40", "--base-voices", "pf_luz", "pm_teo")


class Command:
    """`run_pipeline --stage evolve` with two jobs, a process in a group of its own."""

    def __init__(self, out: Path) -> None:
        words = ["manage.py", "run_pipeline", *EVOLVE, "--out", str(out), "--jobs", "2"]
        self.process = subprocess.Popen(
            [sys.executable, *words], cwd=settings.BASE_DIR, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def jobs(self) -> list[psutil.Process]:
        """Return its two jobs once both exist, after the first line of the search."""
        assert self.process.stdout
        assert "neutral: " in self.process.stdout.readline()
        return wait_for("the jobs", self._both, seconds=30)

    def _both(self) -> list[psutil.Process] | None:
        children = psutil.Process(self.process.pid).children()
        jobs = [one for one in children if "spawn_main" in " ".join(one.cmdline())]
        return jobs if len(jobs) == 2 else None

    def end(self) -> tuple[int, str]:
        printed, _ = self.process.communicate(timeout=200)
        return self.process.returncode, printed


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_after_interruptions_and_kills_the_pack_equals_that_of_one_job(
    target: Path, tmp_path: Path
) -> None:
    wholes = [tmp_path / name for name in ("one", "two")]
    for out in wholes:
        made = ("--stage", "reference", "--target-audio", f"neutral={target}", "--out", str(out))
        call_command("run_pipeline", *made)
    call_command("run_pipeline", *EVOLVE, "--out", str(wholes[0]))

    first = Command(wholes[1])
    jobs = first.jobs()
    os.killpg(first.process.pid, signal.SIGINT)
    code, printed = first.end()
    assert (code, len(jobs)) == (130, 2), printed
    assert "Traceback" not in printed
    assert not [job for job in jobs if job.is_running()]
    assert 0 < committed(wholes[1] / "checkpoints" / "neutral.npz") < 40

    second = Command(wholes[1])
    jobs = second.jobs()
    second.process.kill()
    wait_for("the end of the jobs", lambda: not any(map(alive, jobs)), seconds=60)
    second.end()

    third = Command(wholes[1])
    third.jobs()[0].kill()
    code, printed = third.end()
    assert code == 0, printed
    assert "neutral: start 1/7" not in printed  # it went on where the first was stopped
    packs = [(out / "evolved_voices" / "neutral.pt").read_bytes() for out in wholes]
    assert len(set(packs)) == 1, [sha256(pack).hexdigest() for pack in packs]


def alive(process: psutil.Process) -> bool:
    """Return whether it runs; an orphan that ended may remain as a zombie."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
