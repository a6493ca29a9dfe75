"""The command: stopped, run with other options, and continued."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError

from distillation.management.commands.run_pipeline import Bars
from distillation.pipeline.driver import Interrupted, Pipeline
from distillation.stages.evolve import Evolution
from tests.distillation.pipeline.runs import plan_of, run


class Silent:
    """A listener that stops the search after so many candidates."""

    def __init__(self, limit: int) -> None:
        self.limit, self.seen = limit, 0

    def sentence_spoken(self, stage: str, style: str, done: int, of: int) -> None: ...

    def candidate_evaluated(self, style: str, evolution: Evolution) -> None:
        self.seen += 1

    def message(self, text: str) -> None: ...

    def should_stop(self) -> bool:
        return self.seen >= self.limit


@pytest.mark.parametrize("limit", [3, 9])
def test_a_stopped_search_resumes_to_the_same_pack(whole: Path, tmp_path: Path, limit: int) -> None:
    halved = tmp_path / "halved"
    shutil.copytree(whole / "reference_audio", halved / "reference_audio")
    recipe = json.loads((whole / "evolved_voices" / "neutral.json").read_text())["recipe"]
    listener = Silent(limit)
    stopped = Pipeline(
        plan_of(halved).recipe,
        halved,
        listener=listener,
        should_stop=listener.should_stop,
        model_dir=halved,
    )
    with pytest.raises(Interrupted, match="saved in"):
        stopped.evolve()
    assert stopped.recipe.to_json() == recipe
    assert not (halved / "evolved_voices").exists()
    run(halved, "--stage", "evolve", "--steps", 5)
    packs = [out / "evolved_voices" / "neutral.pt" for out in (whole, halved)]
    assert packs[0].read_bytes() == packs[1].read_bytes()


def test_the_checkpoint_of_a_search_with_other_options_is_kept(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "reference_audio", tmp_path / "reference_audio")

    def stop(steps: int, candidates: int) -> str:
        listener = Silent(candidates)
        recipe = plan_of(tmp_path, steps=steps).recipe
        search = Pipeline(
            recipe,
            tmp_path,
            listener=listener,
            should_stop=listener.should_stop,
            model_dir=tmp_path,
        )
        with pytest.raises(Interrupted) as caught:
            search.evolve()
        return str(caught.value)

    assert "stopped at step 3" in stop(50, 10)
    assert "stopped at step 0" in stop(60, 1)  # a slip
    assert "stopped at step 4" in stop(50, 1)
    assert "stopped at step 0" in stop(60, 1)


@pytest.mark.slow
def test_control_c_saves_and_the_same_command_continues(voice: Path, tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "run_pipeline", "--out", str(tmp_path)]
    options = ["--stage", "reference", "--reference-audio", str(voice), "--styles", "neutral"]
    run(tmp_path, *options)
    env = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}  # never asked
    process = subprocess.Popen(
        [*command, "--stage", "evolve", "--steps", "5000"],
        cwd=settings.BASE_DIR, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()  # the start is chosen: the walk has started
        assert "neutral: start" in line
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate()
    finally:
        timer.cancel()
    assert process.returncode == 130, errors
    assert "Stopping after this candidate" in printed
    assert "The same command continues" in errors
    assert (tmp_path / "checkpoints" / "neutral.npz").is_file()


def test_an_immediate_stop_is_reported_in_one_line(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(whole / "reference_audio", tmp_path / "reference_audio")
    presses = iter((signal.SIGINT, signal.SIGINT))

    def twice(*_seen: object) -> None:
        for sign in presses:
            signal.raise_signal(sign)

    monkeypatch.setattr(Bars, "candidate_evaluated", twice)
    with pytest.raises(CommandError, match=r"Stopped at once\. The same command") as caught:
        run(tmp_path, "--stage", "evolve", "--steps", 5)
    assert caught.value.returncode == 130
