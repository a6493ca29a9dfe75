"""Evaluation: dropped once the candidate cannot reach the threshold, else the full score."""

from pathlib import Path

import numpy as np
import pytest

from corpus.audio.io import write_wav
from distillation.stages.evaluation import (
    Evaluation,
    Evaluator,
    PruningThreshold,
    Task,
    evaluated_sequentially,
)
from distillation.voicepack import VoicePack
from tests.distillation.voices import LONG, OTHER, SHORT, recipe, say, stranger, student


@pytest.fixture(scope="module")
def evaluator(target_path: Path) -> Evaluator:
    return Evaluator(recipe(search_texts=(SHORT, OTHER, LONG)), student(), target_path)


def task(pack: VoicePack, threshold: PruningThreshold) -> Task:
    return Task(0, pack.data, threshold)


def test_only_candidates_below_the_threshold_are_dropped(evaluator: Evaluator) -> None:
    near, far = stranger(), student().stock_voice("pm_gil")
    best = evaluator(task(near, PruningThreshold()))
    assert best.score
    assert (best.texts, best.ceiling) == (3, best.score.total)
    assert evaluator(task(near, PruningThreshold(0.98 * best.score.first, 50.0))) == best
    by_first = evaluator(task(far, PruningThreshold(first=0.98 * best.score.first)))
    assert (by_first.score, by_first.texts) == (None, 1)
    by_floor = evaluator(task(far, PruningThreshold(floor=best.score.total)))
    full = evaluator(task(far, PruningThreshold()))
    assert by_floor.score is None
    assert by_floor.texts < 3
    assert full.score.total <= by_floor.ceiling <= best.score.total


def test_a_target_is_measured_once_until_its_clips_change(tmp_path: Path) -> None:
    target = tmp_path / "target.wav"
    write_wav(target, say(LONG))
    one, other = (Evaluator(recipe(), student(), target) for _ in range(2))
    assert one._scorer is other._scorer
    weighed = Evaluator(recipe(weights={"target": 1, "self": 1, "feature": 1}), student(), target)
    assert weighed._scorer is not one._scorer
    write_wav(target, say(OTHER))
    assert Evaluator(recipe(), student(), target)._scorer is not one._scorer


def test_an_evaluation_survives_json(evaluator: Evaluator) -> None:
    for threshold in (PruningThreshold(), PruningThreshold(first=1.0)):
        evaluation = evaluator(task(stranger(), threshold))
        assert Evaluation.from_json(evaluation.to_json()) == evaluation


def test_a_digest_identifies_candidate_and_threshold() -> None:
    pack = stranger().data
    nudged = pack + np.float32(1e-6)
    free = PruningThreshold()
    tasks = [Task(0, pack, free), Task(1, pack, free), Task(0, nudged, free)]
    tasks += [
        Task(0, pack, limit) for limit in (PruningThreshold(0.5), PruningThreshold(0.5, 70.0))
    ]
    assert tasks[0].digest == tasks[1].digest
    assert len({one.digest for one in tasks}) == 4


def test_sequential_evaluation_is_in_order_until_stopped() -> None:
    asked = iter([True, False])
    tasks = [Task(number, np.zeros(1, np.float32), PruningThreshold()) for number in range(5)]
    evaluate_batch = evaluated_sequentially(lambda task: Evaluation(None, float(task.number), 1))
    assert [v.ceiling for v in evaluate_batch(tasks, lambda: next(asked))] == [0.0, 1.0]
