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
class Workload:
    """Work of an independent process: an engine's voice, evaluated `count` times."""

    engine: str
    count: int
    options: dict[str, Any] = field(default_factory=dict)


def machine_ratio(workload: Workload) -> float:
    """Return the throughput of two independent processes relative to one."""
    return 2 * evaluation_seconds(1, workload) / evaluation_seconds(2, workload)


def evaluation_seconds(count: int, workload: Workload) -> float:
    """Return the seconds of the slowest of `count` concurrent processes with equal work."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, context.Pool(count) as pool:
        target = Path(folder) / "target.wav"
        write_wav(target, say(LONG))
        pool.map(
            evaluate_some, [(target, replace(workload, count=1))] * count, chunksize=1
        )  # warm-up
        return max(pool.map(evaluate_some, [(target, workload)] * count, chunksize=1))


def evaluate_some(asked: tuple[Path, Workload]) -> float:
    target, workload = asked
    engine = student(workload.engine, workload.options)
    evaluator = Evaluator(recipe(), engine, target)
    task = Task(0, engine.stock_voice(engine.stock_voices()[0]).data, PruningThreshold())
    evaluator(task)
    began = time.perf_counter()
    for _ in range(workload.count):
        evaluator(task)
    return time.perf_counter() - began
