"""Messages and leases: redelivery, lost workers and messages, work that is sent again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from distillation.models import Heartbeat, Run, RunState, Stage, StyleRun
from distillation.services import leases, slices
from distillation.services.errors import RunError
from distillation.services.recovery import runs_recover
from distillation.services.runs import run_retry
from tests.distillation.factories import tiny_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
DEAD = 2**22 + 1  # above the largest process number there can be


@pytest.fixture
def run() -> Run:
    return tiny_run("neutral")


@pytest.fixture
def style_run(run: Run) -> StyleRun:
    return run.style_runs.get()


def claim(style_run: StyleRun, owner: str, monkeypatch: pytest.MonkeyPatch) -> StyleRun:
    with monkeypatch.context() as patch:
        patch.setattr(leases, "owner_name", lambda: owner)
        claimed = leases.lease_claim(style_run_id=style_run.pk, slice=style_run.slice)
    assert claimed
    return claimed


def looks(times: int) -> int:
    """Look at all heartbeats so often; return how many leases were ended."""
    watch = leases.Watch()
    return sum(watch.look() for _ in range(times))


class TestMessages:
    def test_a_redelivered_message_does_nothing(self, work: Callable, style_run: StyleRun) -> None:
        work((style_run.pk, 0), limit=1)
        assert work((style_run.pk, 0)) == 1
        style_run.refresh_from_db()
        assert (style_run.slice, style_run.stage) == (1, Stage.EVOLVE)

    def test_a_slice_in_progress_is_not_executed_twice(
        self, work: Callable, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        claim(style_run, "another:1/77", monkeypatch)
        assert work((style_run.pk, 0)) == 1
        style_run.refresh_from_db()
        assert style_run.slice == 0
        assert style_run.heartbeats.get().owner == "another:1/77"

    def test_a_worker_that_lost_its_lease_stores_nothing(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        late = claim(style_run, "another:1/77", monkeypatch)
        outcome = slices.SLICES[Stage.REFERENCE](late)
        assert looks(leases.STILL_LOOKS + 1) == 1
        current = claim(style_run, "third:1/5", monkeypatch)
        assert slices.slice_commit(late, outcome) is False
        assert slices.slice_commit(current, outcome) is True
        assert (current.losses, current.interruptions) == (0, 1)

    @pytest.mark.parametrize("fault", [RuntimeError("odd"), RunError("input_changed", "odd")])
    def test_a_worker_that_lost_its_lease_fails_nothing(
        self, fault: Exception, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stalled(_style_run: StyleRun) -> None:
            assert looks(leases.ALIVE_LOOKS + 1) == 1
            claim(style_run, "third:1/5", monkeypatch)
            raise fault

        monkeypatch.setitem(slices.SLICES, Stage.REFERENCE, stalled)
        slices.style_advance(style_run_id=style_run.pk, slice=0)
        style_run.refresh_from_db()
        assert (style_run.state, style_run.error_code) == (RunState.RUNNING, "")
        assert style_run.heartbeats.get().owner == "third:1/5"


class TestCrashes:
    def test_the_slice_of_a_dead_process_is_sent_again_at_once(
        self, commit: Callable, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        claim(style_run, f"{leases.host_name()}/{DEAD}", monkeypatch)
        assert commit(runs_recover) == [(style_run.pk, 0)]
        assert commit(runs_recover) == []
        assert style_run.run.events.filter(what="slice-lost").count() == 1

    def test_a_live_worker_and_a_fresh_message_are_left_alone(
        self, commit: Callable, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert commit(runs_recover) == []
        claim(style_run, "another:1/77", monkeypatch)
        StyleRun.objects.update(queued_at=timezone.now() - timedelta(hours=1))
        assert commit(runs_recover) == []

    def test_a_lost_message_is_sent_again(self, commit: Callable, style_run: StyleRun) -> None:
        StyleRun.objects.update(queued_at=timezone.now() - timedelta(hours=1))
        assert commit(runs_recover) == [(style_run.pk, 0)]

    def test_the_lease_of_a_vanished_machine_ends_once_its_heartbeat_stands_still(
        self, commit: Callable, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lease, watch = claim(style_run, "another:1/77", monkeypatch).lease, leases.Watch()
        for _ in range(2 * leases.STILL_LOOKS):
            assert leases.heartbeat_count(lease)
            assert watch.look() == 0
        assert [watch.look() for _ in range(leases.STILL_LOOKS)] == [0, 0, 1]
        assert not leases.heartbeat_count(lease)
        assert commit(runs_recover) == [(style_run.pk, 0)]
        assert style_run.run.events.filter(what="slice-lost").count() == 1

    def test_no_clock_decides_about_a_lease(
        self, style_run: StyleRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lease = claim(style_run, "another:1/77", monkeypatch).lease
        Heartbeat.objects.update(seen_at="2001-01-01T00:00Z", began_at="2001-01-01T00:00Z")
        StyleRun.objects.update(heartbeat_at="2999-01-01T00:00Z")
        watch = leases.Watch()
        for _ in range(2 * leases.STILL_LOOKS):
            leases.heartbeat_count(lease)
            Heartbeat.objects.update(seen_at="2001-01-01T00:00Z")
            assert watch.look() == 0

    @pytest.mark.parametrize(
        ("has_advanced", "interruptions", "losses"),
        [(False, 0, 1), (True, 0, 0), (True, leases.MAX_INTERRUPTIONS, 1)],
    )
    def test_a_loss_counts_only_if_nothing_of_the_slice_advanced(
        self,
        style_run: StyleRun,
        monkeypatch: pytest.MonkeyPatch,
        has_advanced: bool,
        interruptions: int,
        losses: int,
    ) -> None:
        row = claim(style_run, "another:1/77", monkeypatch)
        leases.lease_beat(row, has_advanced=has_advanced, interruptions=interruptions)
        looks(leases.STILL_LOOKS + 1)
        style_run.refresh_from_db()
        assert (style_run.losses, style_run.interruptions) == (losses, interruptions + 1)

    def test_a_lost_message_of_an_empty_queue_is_sent_again_within_seconds(
        self, commit: Callable, style_run: StyleRun
    ) -> None:
        StyleRun.objects.update(queued_at=timezone.now() - timedelta(seconds=12))
        assert commit(runs_recover) == []
        assert commit(runs_recover, is_empty=lambda _queue: True) == [(style_run.pk, 0)]

    def test_a_slice_that_kills_every_worker_fails_the_run(
        self, work: Callable, style_run: StyleRun
    ) -> None:
        StyleRun.objects.update(losses=slices.MAX_LOSSES)
        work((style_run.pk, 0))
        run = Run.objects.get()
        assert (run.state, run.error_code) == (RunState.FAILED, "slice_lost")
        run_retry(run=run, person=run.created_by)
        style_run.refresh_from_db()
        assert (style_run.state, style_run.losses) == (RunState.QUEUED, 0)
