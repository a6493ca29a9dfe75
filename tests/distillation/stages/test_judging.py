"""A verdict: dropped as soon as the bar excludes the candidate, the full score otherwise."""

from pathlib import Path

import numpy as np
import pytest

from corpus.audio.io import write_wav
from distillation.stages.judging import Bar, Judge, Task, Verdict, judged_alone
from distillation.voicepack import VoicePack
from tests.distillation.voices import LONG, OTHER, SHORT, recipe, say, stranger, student


@pytest.fixture(scope="module")
def judge(target_path: Path) -> Judge:
    return Judge(recipe(search_texts=(SHORT, OTHER, LONG)), student(), target_path)


def task(pack: VoicePack, bar: Bar) -> Task:
    return Task(0, pack.data, bar)


def test_only_what_the_bar_excludes_is_dropped(judge: Judge) -> None:
    near, far = stranger(), student().stock_voice("pm_gil")
    best = judge(task(near, Bar()))
    assert best.score
    assert (best.texts, best.ceiling) == (3, best.score.total)
    assert judge(task(near, Bar(0.98 * best.score.first, 50.0))) == best
    by_first = judge(task(far, Bar(first=0.98 * best.score.first)))
    assert (by_first.score, by_first.texts) == (None, 1)
    by_floor = judge(task(far, Bar(floor=best.score.total)))
    full = judge(task(far, Bar()))
    assert by_floor.score is None
    assert by_floor.texts < 3
    assert full.score.total <= by_floor.ceiling <= best.score.total


def test_a_target_is_measured_once_until_its_clips_change(tmp_path: Path) -> None:
    target = tmp_path / "target.wav"
    write_wav(target, say(LONG))
    one, other = (Judge(recipe(), student(), target) for _ in range(2))
    assert one._scorer is other._scorer
    weighed = Judge(recipe(weights={"target": 1, "self": 1, "feature": 1}), student(), target)
    assert weighed._scorer is not one._scorer
    write_wav(target, say(OTHER))
    assert Judge(recipe(), student(), target)._scorer is not one._scorer


def test_a_verdict_goes_through_json_unchanged(judge: Judge) -> None:
    for bar in (Bar(), Bar(first=1.0)):
        verdict = judge(task(stranger(), bar))
        assert Verdict.from_json(verdict.to_json()) == verdict


def test_a_digest_stands_for_candidate_and_bar() -> None:
    pack = stranger().data
    nudged = pack + np.float32(1e-6)
    tasks = [Task(0, pack, Bar()), Task(1, pack, Bar()), Task(0, nudged, Bar()),
             Task(0, pack, Bar(0.5)), Task(0, pack, Bar(0.5, 70.0))]  # fmt: skip
    assert tasks[0].digest == tasks[1].digest
    assert len({one.digest for one in tasks}) == 4


def test_alone_judges_in_order_until_it_may_not_go_on() -> None:
    asked = iter([True, False])
    tasks = [Task(number, np.zeros(1, np.float32), Bar()) for number in range(5)]
    judges = judged_alone(lambda task: Verdict(None, float(task.number), 1))
    assert [v.ceiling for v in judges(tasks, lambda: next(asked))] == [0.0, 1.0]
