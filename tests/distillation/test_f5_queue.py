"""The teacher's queue: only a worker of its environment executes its slices."""

import time
from pathlib import Path

import pytest

from corpus.audio.io import read_wav
from tests.distillation.test_celery import WORKER, ask
from tests.processes import manage, running, wait_for
from tests.teacher import environment, interpreter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("teacher")]
LAUNCH = (
    "from tests.distillation.factories import tiny_run;"
    "tiny_run('neutral', steps=2, teacher='f5', own_prompts=True)"
)


def test_only_the_teachers_worker_synthesizes_the_target(f5_folder: Path, tmp_path: Path) -> None:
    here = {"VOICELAB_DATA_DIR": str(tmp_path), "MODEL_DIR": str(f5_folder / "models")}
    there = environment(f5_folder / "home", **here)
    manage("migrate", "--verbosity=0", env=here)
    manage("shell", "--verbosity=0", "-c", LAUNCH, env=here)

    def workers() -> list[tuple]:
        return ask(tmp_path, "select queues from distillation_workerbeat")

    def targets() -> list[tuple]:
        return ask(tmp_path, "select target from distillation_stylerun where target != ''")

    with running(WORKER, log=tmp_path / "ordinary.log", env=here):
        assert wait_for("an ordinary worker", workers, seconds=90) == [("voicelab",)]
        time.sleep(3)
        assert ask(tmp_path, "select slice, lease from distillation_stylerun") == [(0, "")]
        worker = [interpreter(), *WORKER[1:], "-Q", "teacher", "-n", "teacher@%h"]
        with running(worker, log=tmp_path / "teacher.log", env=there):
            [(name,)] = wait_for("the target", targets, seconds=240)
            assert ("teacher",) in workers()
    assert 20.0 <= read_wav(tmp_path / "media" / name).duration_s <= 30.0
    assert list(tmp_path.glob("media/runs/*/reference_audio/neutral/prompt.wav"))
