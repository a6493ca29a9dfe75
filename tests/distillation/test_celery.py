"""A real Celery worker over the filesystem broker: after a kill the next one continues."""

import os
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.processes import manage, running, wait_for

WORKER = [sys.executable, "-m", "celery", "-A", "voicelab", "worker", "--concurrency=1"]
LAUNCH = "from tests.distillation.factories import tiny_run; tiny_run('neutral', 'amable', steps=2)"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a database, a broker and a launched run of two styles."""
    env = {"VOICELAB_DATA_DIR": str(tmp_path)}
    manage("migrate", "--verbosity=0", env=env)
    manage("shell", "--verbosity=0", "-c", LAUNCH, env=env)
    return tmp_path


def ask(data: Path, query: str) -> list[tuple]:
    with sqlite3.connect(data / "db.sqlite3", timeout=20) as database:
        return database.execute(query).fetchall()


def test_a_run_survives_a_killed_worker(data: Path) -> None:
    env = {"VOICELAB_DATA_DIR": str(data), "SLICE_SECONDS": "1"}

    def progress() -> list[tuple]:
        return ask(data, "select slice from distillation_stylerun where slice >= 2 and lease != ''")

    def ended() -> list[tuple]:
        return ask(
            data, "select state, error from distillation_run where state in ('finished', 'failed')"
        )

    with running(WORKER, log=data / "first.log", env=env) as worker:
        wait_for("the first slices", progress, seconds=60)
        os.killpg(worker.pid, signal.SIGKILL)
    with running(WORKER, log=data / "second.log", env=env):
        assert wait_for("the end of the run", ended, seconds=100) == [("finished", "")]
    packs = ask(data, "select style, file from distillation_voicepack where kind = 'evolved'")
    assert {style for style, _ in packs} == {"neutral", "amable"}
    assert all((data / "media" / file).exists() for _, file in packs)
