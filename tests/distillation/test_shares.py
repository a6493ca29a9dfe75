"""Shares of a slice: helped or not, with workers that come, go and die, the outcome is one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from distillation.models import Deployment, RunState, Share, Stage, StyleRun, VoicePack
from distillation.services import helping, leases, queue, run_launch, shares, slices
from distillation.services.shares import Lead, OtherCandidates, Shares, judged_together
from distillation.stages.judging import Bar, Task, Verdict, Verdicts
from distillation.stages.stopping import REASONS
from distillation.wording import STOPS, stop_words
from tests.distillation.factories import StyleRunFactory, VoicePackFactory, tiny_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
GONE = f"{leases.host_name()}/{2**22 + 1}"  # above the largest process number there can be
ELSEWHERE = "another:1/77"
TASKS = [Task(40 + n, np.full(3, n, np.float32), Bar()) for n in range(6)]


def verdict(task: Task) -> Verdict:
    return Verdict(None, float(task.candidate.sum()), 1)


class Noting:
    """A judge that notes which candidates it was given."""

    def __init__(self) -> None:
        self.judged: list[int] = []

    def __call__(self, task: Task) -> Verdict:
        self.judged.append(task.number)
        return verdict(task)


def always() -> bool:
    return True


@pytest.fixture
def style_run() -> StyleRun:
    """A style whose search somebody leads."""
    row: Any = StyleRunFactory(stage=Stage.EVOLVE, state=RunState.RUNNING, slice=1, lease="led")
    StyleRun.objects.update(leased_until=timezone.now() + timedelta(minutes=5))
    return row


@pytest.fixture
def helped(style_run: StyleRun) -> None:
    StyleRun.objects.update(helped_at=timezone.now())


def take(number: int, owner: str, *, minutes: float = 1.0) -> None:
    """Let another worker claim a share."""
    until = timezone.now() + timedelta(minutes=minutes)
    rows = Share.objects.filter(number=number, lease="")
    assert rows.update(lease="theirs", lease_owner=owner, leased_until=until)


class TestLead:
    def test_alone_it_touches_no_row(self, style_run: StyleRun) -> None:
        judge = Noting()
        assert list(Lead(style_run, judge)(TASKS, always)) == [verdict(task) for task in TASKS]
        assert judge.judged == [task.number for task in TASKS]
        assert not Share.objects.exists()

    def test_a_helper_that_comes_finds_what_was_judged_and_what_is_left(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shares, "LOOK_SECONDS", 0.0)
        verdicts = Lead(style_run, Noting())(TASKS, always)
        next(verdicts), next(verdicts)
        StyleRun.objects.update(helped_at=timezone.now())
        next(verdicts)
        rows = list(Share.objects.values_list("number", "slice", "lease_owner"))
        owner = leases.owner_name()
        assert rows == [(40 + n, 1, owner if n == 2 else "") for n in range(6)]
        judged = Share.objects.filter(verdict__isnull=False).values_list("digest", flat=True)
        assert list(judged) == [task.digest for task in TASKS[:3]]
        assert list(verdicts) == [verdict(task) for task in TASKS[3:]]

    @pytest.mark.usefixtures("helped")
    def test_what_others_judge_it_does_not(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        judge = Noting()
        verdicts = Lead(style_run, judge)(TASKS, always)
        next(verdicts)
        take(42, ELSEWHERE)
        waited = []

        def sleep(_seconds: float) -> None:
            waited.append(list(judge.judged))
            Share.objects.filter(number=42).update(verdict=verdict(TASKS[2]).to_json())

        monkeypatch.setattr(shares.time, "sleep", sleep)
        assert list(verdicts) == [verdict(task) for task in TASKS[1:]]
        assert judge.judged == [40, 41, 43, 44, 45]
        assert waited == [judge.judged]

    @pytest.mark.usefixtures("helped")
    @pytest.mark.parametrize(("owner", "minutes"), [(GONE, 1.0), (ELSEWHERE, -1.0)])
    def test_the_share_of_a_lost_worker_is_taken_over(
        self, style_run: StyleRun, owner: str, minutes: float
    ) -> None:
        judge = Noting()
        verdicts = Lead(style_run, judge)(TASKS, always)
        next(verdicts)
        take(41, owner, minutes=minutes)
        assert list(verdicts) == [verdict(task) for task in TASKS[1:]]
        assert sorted(judge.judged) == [40, 41, 42, 43, 44, 45]

    @pytest.mark.usefixtures("helped")
    def test_at_the_end_of_the_slice_it_waits_for_what_is_begun(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        judge = Noting()
        verdicts = Lead(style_run, judge)(TASKS, lambda: len(judge.judged) < 2)
        next(verdicts)
        take(41, ELSEWHERE)
        done = {"verdict": verdict(TASKS[1]).to_json()}
        monkeypatch.setattr(
            shares.time, "sleep", lambda _s: Share.objects.filter(number=41).update(**done)
        )
        assert list(verdicts) == [verdict(task) for task in TASKS[1:3]]
        assert judge.judged == [40, 42]
        assert list(Share.objects.values_list("number", flat=True)) == [40, 41, 42]

    def test_what_a_lost_leader_left_is_not_done_again(self, style_run: StyleRun) -> None:
        StyleRun.objects.update(helped_at=timezone.now())
        verdicts = Lead(style_run, Noting())(TASKS, always)
        [next(verdicts) for _ in range(3)]
        take(43, GONE)
        StyleRun.objects.update(helped_at=None)
        judge = Noting()
        lead = Lead(style_run, judge)
        assert list(lead(TASKS[:5], always)) == [verdict(task) for task in TASKS[:5]]
        assert judge.judged == [43, 44]
        assert [bool(row.verdict) for row in Share.objects.all()] == [True] * 5

    def test_what_the_helper_of_a_lost_leader_has_begun_is_waited_for(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Shares(style_run).publish([], TASKS[:1])
        take(40, ELSEWHERE)
        done = {"verdict": verdict(TASKS[0]).to_json()}
        monkeypatch.setattr(
            shares.time, "sleep", lambda _s: Share.objects.filter(number=40).update(**done)
        )
        judge = Noting()
        assert list(Lead(style_run, judge)(TASKS[:1], always)) == [verdict(TASKS[0])]
        assert not judge.judged

    @pytest.mark.usefixtures("helped")
    def test_rows_of_another_slice_or_search_are_replaced(self, style_run: StyleRun) -> None:
        Share.objects.create(style_run=style_run, slice=0, number=41, digest="old", verdict={})
        Share.objects.create(style_run=style_run, slice=1, number=42, digest="x", verdict={})
        judge = Noting()
        assert list(Lead(style_run, judge)(TASKS, always)) == [verdict(task) for task in TASKS]
        assert len(judge.judged) == 6

    @pytest.mark.usefixtures("helped")
    def test_a_fault_gives_the_share_back(self, style_run: StyleRun) -> None:
        def fails(task: Task) -> Verdict:
            raise ZeroDivisionError

        rows = Shares(style_run)
        rows.publish([], TASKS)
        with pytest.raises(ZeroDivisionError):
            list(judged_together(rows, TASKS, fails, always, leads=False))
        assert not Share.objects.exclude(lease="").exists()


class TestHelper:
    def test_it_takes_the_same_verdicts_in_step(self, style_run: StyleRun) -> None:
        rows = Shares(style_run)
        rows.publish([], TASKS)
        judges: dict[bool, Noting] = {True: Noting(), False: Noting()}
        told: dict[bool, list[Verdict]] = {True: [], False: []}
        both: dict[bool, Verdicts] = {
            leads: judged_together(rows, TASKS, judges[leads], always, leads=leads)
            for leads in (True, False)
        }
        for _ in TASKS:
            for leads in (True, False):
                told[leads].append(next(both[leads]))
        assert told[True] == told[False] == [verdict(task) for task in TASKS]
        assert sorted(judges[True].judged + judges[False].judged) == [40, 41, 42, 43, 44, 45]

    def test_other_candidates_are_not_judged(self, style_run: StyleRun) -> None:
        rows = Shares(style_run)
        rows.publish([], TASKS)
        other = [replace(task, candidate=task.candidate + 1) for task in TASKS]
        with pytest.raises(OtherCandidates):
            next(judged_together(rows, other, Noting(), always, leads=False))

    def test_it_goes_when_the_slice_ends_or_other_work_waits(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(helping, "LOOK_SECONDS", 0.0)
        follower = helping.Follower(style_run)
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
    def test_there_is_nothing_to_help_with(self, style_run: StyleRun, change: dict) -> None:
        StyleRun.objects.update(**change)
        helping.slice_help(style_run_id=style_run.pk, slice=1, number=1)
        assert StyleRun.objects.get().helped_at is None


@pytest.mark.slow
class TestWholeSlices:
    def test_led_over_shares_it_ends_in_the_same_pack(
        self,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Callable,
    ) -> None:
        whole = tiny_run("neutral", steps=6)
        finish(whole.style_runs.get(), django_capture_on_commit_callbacks)
        twin = run_launch(person=whole.created_by, recipe=whole.run_recipe)
        settings.SLICE_SECONDS = 1.0
        monkeypatch.setattr(shares, "LOOK_SECONDS", 0.0)
        row = twin.style_runs.get()
        asked = finish(row, django_capture_on_commit_callbacks, helped=True)
        assert (queue.HELP, [row.pk, 1, 1]) in asked
        packs = VoicePack.objects.evolved()
        assert len(set(packs.values_list("sha256", flat=True))) == 1
        rows = StyleRun.objects.values_list("evaluations", "step", "stopped", "best_score")
        assert len(set(rows)) == 1
        assert not Share.objects.exists()


def finish(row: StyleRun, capture: Callable, *, helped: bool = False) -> list[tuple]:
    """Do the style's slices until it has ended; return the messages sent."""
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


def test_a_search_that_ends_early_keeps_the_parts_of_its_real_end(
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


def test_every_reason_to_stop_has_words() -> None:
    assert set(STOPS) == set(REASONS)
    assert all(stop_words(code) for code in REASONS)
    assert stop_words("") == ""
