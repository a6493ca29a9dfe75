"""Scaling limit of the machine: throughput of two independent processes relative to one."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from corpus.audio.io import write_wav
from distillation.engines import student
from distillation.stages.evaluation import Evaluator, PruningThreshold, Task
from tests.distillation.voices import LONG, recipe, say


@dataclass(frozen=True)
class Judging:
    """Work of an independent process: an engine's voice, evaluated `count` times."""

    engine: str
    count: int
    options: dict[str, Any] = field(default_factory=dict)


def machine_ratio(judging: Judging) -> float:
    """Return the throughput of two independent processes relative to one."""
    return 2 * judging_seconds(1, judging) / judging_seconds(2, judging)


def judging_seconds(count: int, judging: Judging) -> float:
    """Return the seconds of the slowest of `count` concurrent processes with equal work."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, context.Pool(count) as pool:
        target = Path(folder) / "target.wav"
        write_wav(target, say(LONG))
        pool.map(judge_some, [(target, replace(judging, count=1))] * count, chunksize=1)  # warm-up
        return max(pool.map(judge_some, [(target, judging)] * count, chunksize=1))


def judge_some(asked: tuple[Path, Judging]) -> float:
    target, judging = asked
    engine = student(judging.engine, judging.options)
    evaluator = Evaluator(recipe(), engine, target)
    task = Task(0, engine.stock_voice(engine.stock_voices()[0]).data, PruningThreshold())
    evaluator(task)
    began = time.perf_counter()
    for _ in range(judging.count):
        evaluator(task)
    return time.perf_counter() - began
