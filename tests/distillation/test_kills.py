"""SIGKILL at random moments: the same pack, and only lost work is repeated."""

import os
from pathlib import Path

import pytest
from django.core.management import call_command

from corpus.audio.io import write_wav
from distillation.pipeline import driver
from tests.distillation.kills import KilledRun, committed, kill_repeatedly, record_evaluations
from tests.distillation.voices import REFERENCE, say
from tests.signals import join, silence

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_with_workers_killed_at_random_moments_the_pack_is_the_same(tmp_path: Path) -> None:
    case = KilledRun(tmp_path, steps=10, slice_seconds=0.4)
    with case.worker(2):
        case.finish_first(seconds=200)
        statistics = case.kill(4, seed=1, seconds=240)
    packs = case.packs()
    assert len(packs) == 2
    assert packs[0] == packs[1]
    rows = case.ask("select evaluations, best_score, step from distillation_stylerun order by id")
    assert rows[0] == rows[1]
    assert statistics.kills > 0
    evaluated = [number for number, _ in case.evaluated()]
    assert set(evaluated) == set(range(rows[1][0]))
    assert not statistics.evaluated_twice(evaluated)


def test_with_run_pipeline_killed_at_random_moments_the_pack_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "CHECKPOINT_SECONDS", 0.3)
    voice, notes = tmp_path / "voice.wav", tmp_path / "notes"
    parts = [part for text in REFERENCE for part in (say(text), silence(0.5, sr=24_000))]
    write_wav(voice, join(*parts))

    def run(out: Path, *options: str) -> None:
        call_command("run_pipeline", *options, "--out", str(out))

    wholes = [tmp_path / name for name in ("whole", "broken")]
    for out in wholes:
        run(out, "--stage", "reference", "--reference-audio", str(voice), "--styles", "neutral")
    evolve = ("--stage", "evolve", "--steps", "40", "--base-voices", "pf_luz", "pm_teo")
    run(wholes[0], *evolve)

    def work() -> None:
        record_evaluations(notes)
        run(wholes[1], *evolve)
        os._exit(0)

    lost = 0
    for pid in kill_repeatedly(work, 4, seed=4, longest_s=2.0):
        stored = committed(wholes[1] / "checkpoints" / "neutral.npz")
        lost += sum(
            int(line.split()[2]) == pid and int(line.split()[1]) >= stored
            for line in (notes.read_text().splitlines() if notes.exists() else ())
        )
    packs = [out / "evolved_voices" / "neutral.pt" for out in wholes]
    assert packs[0].read_bytes() == packs[1].read_bytes()
    done = len(notes.read_text().splitlines())
    assert done == committed(wholes[1] / "checkpoints" / "neutral.npz") + lost
