"""Claims of candidates: the same result with helpers or without, and with workers that die."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from distillation.models import CandidateClaim, Deployment, RunState, Stage, StyleRun, VoicePack
from distillation.services import candidate_claims, leases, queue, slices
from distillation.services.candidate_claims import (
    CandidateClaims,
    LeadingEvaluator,
    OtherCandidates,
    evaluated_jointly,
)
from distillation.services.runs import run_launch
from distillation.stages.evaluation import Evaluation, Evaluations, PruningThreshold, Task
from distillation.stages.search_progress import REASONS
from distillation.wording import STOPS
from tests.distillation.factories import StyleRunFactory, VoicePackFactory, tiny_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
GONE = f"{leases.host_name()}/{2**22 + 1}"  # above the largest process number there can be
ELSEWHERE = "another:1/77"
TASKS = [Task(40 + n, np.full(3, n, np.float32), PruningThreshold()) for n in range(6)]


def evaluation(task: Task) -> Evaluation:
    return Evaluation(None, float(task.candidate.sum()), 1)


class RecordingEvaluator:
    """An evaluator that records which candidates it was given."""

    def __init__(self) -> None:
        self.evaluated: list[int] = []

    def __call__(self, task: Task) -> Evaluation:
        self.evaluated.append(task.number)
        return evaluation(task)


def always() -> bool:
    return True


@pytest.fixture
def style_run() -> StyleRun:
    """A style whose search is led by a worker."""
    row: Any = StyleRunFactory(stage=Stage.EVOLVE, state=RunState.RUNNING, slice=1, lease="led")
    row.heartbeats.create(lease="led", owner=leases.owner_name())
    return row


@pytest.fixture
def helper_arrived(style_run: StyleRun) -> None:
    StyleRun.objects.update(helped_at=timezone.now())


def claim_candidate(number: int, owner: str) -> None:
    """Let another worker claim a candidate."""
    rows = CandidateClaim.objects.filter(number=number, lease="")
    StyleRun.objects.get().heartbeats.create(lease="theirs", owner=owner)
    assert rows.update(lease="theirs")


class TestLead:
    def test_without_helpers_no_rows_are_written(self, style_run: StyleRun) -> None:
        evaluator = RecordingEvaluator()
        assert list(LeadingEvaluator(style_run, evaluator)(TASKS, always)) == [
            evaluation(task) for task in TASKS
        ]
        assert evaluator.evaluated == [task.number for task in TASKS]
        assert not CandidateClaim.objects.exists()

    def test_a_new_helper_finds_evaluations_and_open_tasks(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(candidate_claims, "LEADER_CHECK_SECONDS", 0.0)
        evaluations = LeadingEvaluator(style_run, RecordingEvaluator())(TASKS, always)
        next(evaluations), next(evaluations)
        StyleRun.objects.update(helped_at=timezone.now())
        next(evaluations)
        rows = list(CandidateClaim.objects.values_list("number", "slice", "lease"))
        assert rows == [(40 + n, 1, "led" if n == 2 else "") for n in range(6)]
        evaluated = CandidateClaim.objects.filter(evaluation__isnull=False).values_list(
            "digest", flat=True
        )
        assert list(evaluated) == [task.digest for task in TASKS[:3]]
        assert list(evaluations) == [evaluation(task) for task in TASKS[3:]]

    @pytest.mark.usefixtures("helper_arrived")
    def test_candidates_claimed_by_others_are_not_evaluated(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        evaluator = RecordingEvaluator()
        evaluations = LeadingEvaluator(style_run, evaluator)(TASKS, always)
        next(evaluations)
        claim_candidate(42, ELSEWHERE)
        waited = []

        def sleep(_seconds: float) -> None:
            waited.append(list(evaluator.evaluated))
            CandidateClaim.objects.filter(number=42).update(
                evaluation=evaluation(TASKS[2]).to_json()
            )

        monkeypatch.setattr(candidate_claims.time, "sleep", sleep)
        assert list(evaluations) == [evaluation(task) for task in TASKS[1:]]
        assert evaluator.evaluated == [40, 41, 43, 44, 45]
        assert waited == [evaluator.evaluated]

    @pytest.mark.usefixtures("helper_arrived")
    @pytest.mark.parametrize("owner", [GONE, ELSEWHERE])
    def test_candidates_claimed_by_a_lost_worker_are_evaluated_by_the_leader(
        self, style_run: StyleRun, owner: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watch = leases.Watch()

        def look_elsewhere(_seconds: float) -> None:
            leases.heartbeat_count("led")
            watch.look()

        monkeypatch.setattr(candidate_claims.time, "sleep", look_elsewhere)
        evaluator = RecordingEvaluator()
        evaluations = LeadingEvaluator(style_run, evaluator)(TASKS, always)
        next(evaluations)
        claim_candidate(41, owner)
        assert list(evaluations) == [evaluation(task) for task in TASKS[1:]]
        assert sorted(evaluator.evaluated) == [40, 41, 42, 43, 44, 45]

    @pytest.mark.usefixtures("helper_arrived")
    def test_at_the_end_of_the_slice_the_leader_waits_for_claimed_candidates(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        evaluator = RecordingEvaluator()
        evaluations = LeadingEvaluator(style_run, evaluator)(
            TASKS, lambda: len(evaluator.evaluated) < 2
        )
        next(evaluations)
        claim_candidate(41, ELSEWHERE)
        done = {"evaluation": evaluation(TASKS[1]).to_json()}
        monkeypatch.setattr(
            candidate_claims.time,
            "sleep",
            lambda _s: CandidateClaim.objects.filter(number=41).update(**done),
        )
        assert list(evaluations) == [evaluation(task) for task in TASKS[1:3]]
        assert evaluator.evaluated == [40, 42]
        assert list(CandidateClaim.objects.values_list("number", flat=True)) == [40, 41, 42]

    def test_evaluations_of_a_lost_leader_are_reused(self, style_run: StyleRun) -> None:
        StyleRun.objects.update(helped_at=timezone.now())
        evaluations = LeadingEvaluator(style_run, RecordingEvaluator())(TASKS, always)
        [next(evaluations) for _ in range(3)]
        claim_candidate(43, GONE)
        StyleRun.objects.update(helped_at=None)
        evaluator = RecordingEvaluator()
        lead = LeadingEvaluator(style_run, evaluator)
        assert list(lead(TASKS[:5], always)) == [evaluation(task) for task in TASKS[:5]]
        assert sorted(evaluator.evaluated) == [43, 44]
        assert [bool(row.evaluation) for row in CandidateClaim.objects.all()] == [True] * 5

    def test_claims_of_a_lost_leaders_helper_are_waited_for(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        CandidateClaims(style_run).publish([], TASKS[:1])
        claim_candidate(40, ELSEWHERE)
        done = {"evaluation": evaluation(TASKS[0]).to_json()}
        monkeypatch.setattr(
            candidate_claims.time,
            "sleep",
            lambda _s: CandidateClaim.objects.filter(number=40).update(**done),
        )
        evaluator = RecordingEvaluator()
        assert list(LeadingEvaluator(style_run, evaluator)(TASKS[:1], always)) == [
            evaluation(TASKS[0])
        ]
        assert not evaluator.evaluated

    @pytest.mark.usefixtures("helper_arrived")
    def test_rows_of_another_slice_or_search_are_replaced(self, style_run: StyleRun) -> None:
        CandidateClaim.objects.create(
            style_run=style_run, slice=0, number=41, digest="old", evaluation={}
        )
        CandidateClaim.objects.create(
            style_run=style_run, slice=1, number=42, digest="x", evaluation={}
        )
        evaluator = RecordingEvaluator()
        assert list(LeadingEvaluator(style_run, evaluator)(TASKS, always)) == [
            evaluation(task) for task in TASKS
        ]
        assert len(evaluator.evaluated) == 6

    @pytest.mark.usefixtures("helper_arrived")
    def test_a_fault_releases_the_claim(self, style_run: StyleRun) -> None:
        def fails(task: Task) -> Evaluation:
            raise ZeroDivisionError

        rows = CandidateClaims(style_run)
        rows.publish([], TASKS)
        with pytest.raises(ZeroDivisionError):
            list(evaluated_jointly(rows, TASKS, fails, always, leads=False))
        assert not CandidateClaim.objects.exclude(lease="").exists()


class TestHelper:
    def test_a_helper_applies_the_same_evaluations_in_order(self, style_run: StyleRun) -> None:
        rows = CandidateClaims(style_run)
        rows.publish([], TASKS)
        evaluate_batch: dict[bool, RecordingEvaluator] = {
            True: RecordingEvaluator(),
            False: RecordingEvaluator(),
        }
        evaluated: dict[bool, list[Evaluation]] = {True: [], False: []}
        both: dict[bool, Evaluations] = {
            leads: evaluated_jointly(rows, TASKS, evaluate_batch[leads], always, leads=leads)
            for leads in (True, False)
        }
        for _ in TASKS:
            for leads in (True, False):
                evaluated[leads].append(next(both[leads]))
        assert evaluated[True] == evaluated[False] == [evaluation(task) for task in TASKS]
        assert sorted(evaluate_batch[True].evaluated + evaluate_batch[False].evaluated) == [
            40,
            41,
            42,
            43,
            44,
            45,
        ]

    def test_other_candidates_are_not_evaluated(self, style_run: StyleRun) -> None:
        rows = CandidateClaims(style_run)
        rows.publish([], TASKS)
        other = [replace(task, candidate=task.candidate + 1) for task in TASKS]
        with pytest.raises(OtherCandidates):
            next(evaluated_jointly(rows, other, RecordingEvaluator(), always, leads=False))

    def test_a_helper_stops_when_the_slice_ends_or_other_work_waits(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(slices, "HELPER_CHECK_SECONDS", 0.0)
        follower = slices.HelperHeartbeat(style_run)
        assert not follower.should_stop()
        assert StyleRun.objects.get().helped_at
        other: Any = StyleRunFactory(style="amable", run=style_run.run)
        assert follower.should_stop()
        other.delete()
        pack: Any = VoicePackFactory(style_run=style_run)
        Deployment.objects.create(
            pack=pack, voice="neutral", place="x", sha256="0", person=style_run.run.created_by
        )
        assert follower.should_stop()
        Deployment.objects.update(state="deployed")
        assert not follower.should_stop()
        StyleRun.objects.update(slice=2)
        assert follower.should_stop()

    @pytest.mark.parametrize(
        "change", [{"lease": ""}, {"slice": 2}, {"state": "paused"}, {"stage": "validate"}]
    )
    def test_a_slice_without_open_candidates_gets_no_helper(
        self, style_run: StyleRun, change: dict
    ) -> None:
        StyleRun.objects.update(**change)
        slices.slice_help(style_run_id=style_run.pk, slice=1, number=1)
        assert StyleRun.objects.get().helped_at is None


@pytest.mark.slow
class TestWholeSlices:
    def test_a_search_shared_among_workers_ends_in_the_same_pack(
        self,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Callable,
    ) -> None:
        whole = tiny_run("neutral", steps=6)
        finish(whole.style_runs.get(), django_capture_on_commit_callbacks)
        twin = run_launch(person=whole.created_by, recipe=whole.run_recipe)
        settings.SLICE_SECONDS = 1.0
        monkeypatch.setattr(candidate_claims, "LEADER_CHECK_SECONDS", 0.0)
        row = twin.style_runs.get()
        asked = finish(row, django_capture_on_commit_callbacks, helped=True)
        assert (queue.HELP, [row.pk, 1, 1]) in asked
        packs = VoicePack.objects.evolved()
        assert len(set(packs.values_list("sha256", flat=True))) == 1
        rows = StyleRun.objects.values_list("evaluations", "step", "stopped", "best_score")
        assert len(set(rows)) == 1
        assert not CandidateClaim.objects.exists()


def finish(row: StyleRun, capture: Callable, *, helped: bool = False) -> list[tuple]:
    """Execute the style's slices until it has ended; return the messages sent."""
    sent: list[tuple] = []
    for number in range(100):
        if helped:
            StyleRun.objects.filter(pk=row.pk).update(helped_at=timezone.now())
        with capture() as callbacks:
            slices.style_advance(style_run_id=row.pk, slice=number)
        for callback in callbacks:
            if getattr(callback, "keywords", None):
                sent.append((callback.args[0], callback.keywords["args"]))
            else:
                callback()
        row.refresh_from_db()
        if row.state == RunState.FINISHED:
            return sent
    raise AssertionError(row.error)


def test_a_search_that_ends_early_keeps_the_milestones_of_its_actual_end(
    django_capture_on_commit_callbacks: Callable, settings: Settings
) -> None:
    settings.SLICE_SECONDS = 0.01
    run = tiny_run("neutral", steps=16)
    wanted = replace(run.run_recipe, patience=9, early_stop=1.5)
    run.recipe = wanted.to_json()
    run.save()
    row = run.style_runs.get()
    finish(row, django_capture_on_commit_callbacks)
    assert (row.stopped, row.step) == ("patience", 9)
    kinds = row.packs.order_by("step", "kind").values_list("kind", "step")
    assert list(kinds) == [("start", 0), ("milestone", 2), ("milestone", 4), ("evolved", 9)]
    folder = Path(row.packs.all()[0].file.path).parent
    assert len(list(folder.glob("*.pt"))) == len(list(folder.glob("*.wav"))) == 4


def test_every_reason_to_stop_has_a_message() -> None:
    assert set(STOPS) == set(REASONS)
    assert all(STOPS[code] for code in REASONS)
