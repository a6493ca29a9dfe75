"""A real Celery worker over the filesystem broker: after a kill the next one continues."""

import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

import httpx
import pytest

from tests.processes import free_port, manage, running, wait_for

WORKER = [sys.executable, "-m", "celery", "-A", "voicelab", "worker", "--concurrency=1"]
PROBES = ("healthz", "readyz", "metrics", "elsewhere")
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
    port = free_port()
    watched = env | {"WORKER_PORT": str(port), "LOG_FORMAT": "json"}
    second = [*WORKER, "--loglevel=info"]
    with running(second, log=data / "second.log", env=watched):
        assert wait_for("the end of the run", ended, seconds=100) == [("finished", "")]
        answers = [httpx.get(f"http://127.0.0.1:{port}/{path}") for path in PROBES]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404]
    name = 'voicelab_worker_tasks_total{state="SUCCESS",task="distillation.tasks.style_advance"}'
    assert f"\n{name}" in answers[2].text
    log = (data / "second.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    taken = [line for line in lines if line["message"].startswith("lease taken ")]
    assert {line["run_id"] for line in taken} == {1}
    packs = ask(data, "select style, file from distillation_voicepack where kind = 'evolved'")
    assert {style for style, _ in packs} == {"neutral", "amable"}
    assert all((data / "media" / file).exists() for _, file in packs)
