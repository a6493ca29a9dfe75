"""Shares the candidates of a slice among workers: one row per candidate, claimed by a lease."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Now

from distillation.models import CandidateClaim, StyleRun
from distillation.services.leases import leases_end_dead, waits_for_database
from distillation.stages.evaluation import Evaluation, Evaluations, GoOn, Task

logger = logging.getLogger(__name__)

POLL_SECONDS, POLL_PART = (0.004, 0.2), 0.1  # min and max pause; as a part of the time waited
LEADER_CHECK_SECONDS = 0.1  # between two checks for a helper
DEAD_CHECK_SECONDS = 0.5  # of waiting for candidates, between two checks for dead processes
HELPED = timedelta(seconds=6)  # a helper without a heartbeat for this long is considered gone


class OtherCandidates(RuntimeError):
    """This machine computes different candidates from the one leading the search."""


class Evaluated(NamedTuple):
    """A candidate's number and digest, and its evaluation if there is one yet."""

    number: int
    digest: str
    evaluation: Evaluation | None


class CandidateClaims:
    """The claims of one slice of a style; every change is one conditional UPDATE.

    `lease` is that of the helper; without it the claims are the leader's.
    """

    def __init__(self, style_run: StyleRun, lease: str = "") -> None:
        self._style_run, self._lease = style_run, lease or style_run.lease
        self._rows = CandidateClaim.objects.filter(style_run=style_run, slice=style_run.slice)

    @waits_for_database
    def exist(self) -> bool:
        """Return whether a lost worker left any, evaluated or claimed by its helpers."""
        return self._rows.exists()

    @waits_for_database
    @transaction.atomic
    def publish(self, evaluated: Sequence[Evaluated], tasks: Sequence[Task]) -> None:
        """Offer the tasks, along with the evaluations helpers need to reach the same candidates."""
        offered = [*evaluated, *(Evaluated(task.number, task.digest, None) for task in tasks)]
        there = CandidateClaim.objects.filter(style_run=self._style_run)
        there.exclude(slice=self._style_run.slice).delete()
        old = {row.number: row for row in there.filter(number__in=[one.number for one in offered])}
        for one in offered:
            row = old.get(one.number)
            if row and (row.digest != one.digest or (one.evaluation and not row.evaluation)):
                row.delete()
        rows = [
            CandidateClaim(
                style_run=self._style_run,
                slice=self._style_run.slice,
                number=one.number,
                digest=one.digest,
                evaluation=one.evaluation and one.evaluation.to_json(),
            )
            for one in offered
        ]
        CandidateClaim.objects.bulk_create(rows, ignore_conflicts=True)

    @waits_for_database
    def close(self) -> None:
        """Withdraw the tasks that no worker has claimed."""
        self._rows.filter(evaluation__isnull=True, lease="").delete()

    @waits_for_database
    def look(self, tasks: Sequence[Task]) -> dict[int, CandidateClaim]:
        """Return the tasks' rows by number.

        Raises
        ------
        OtherCandidates
            A row's candidate differs from the task's.
        """
        rows = {row.number: row for row in self._rows.filter(number__in=[t.number for t in tasks])}
        if any(t.number in rows and rows[t.number].digest != t.digest for t in tasks):
            raise OtherCandidates(f"{self._style_run}: not the candidates that were offered.")
        return rows

    @waits_for_database
    def claim(self, rows: dict[int, CandidateClaim]) -> CandidateClaim | None:
        """Claim the first row that is free; None if there is none."""
        for row in rows.values():
            if row.evaluation is None and row.lease in ("", self._lease):
                unchanged = self._rows.filter(pk=row.pk, lease=row.lease, evaluation__isnull=True)
                if unchanged.update(lease=self._lease):
                    row.lease = self._lease
                    # DEBUG, because praat evaluates about 10 a second.
                    logger.debug(
                        "candidate claimed style_run=%d slice=%d number=%d",
                        *(row.style_run_id, row.slice, row.number),
                    )
                    return row
        return None

    def carry_out(
        self, row: CandidateClaim, task: Task, evaluator: Callable[[Task], Evaluation]
    ) -> None:
        """Evaluate a claimed row and store the result, unless another worker took the row over."""
        evaluation = None
        try:
            evaluation = evaluator(task)
        finally:
            self._store(row, evaluation)

    @waits_for_database
    def _store(self, row: CandidateClaim, evaluation: Evaluation | None) -> None:
        mine = self._rows.filter(pk=row.pk, lease=row.lease)
        if evaluation is None:
            mine.update(lease="")
        else:
            mine.update(evaluation=evaluation.to_json())

    def free_dead(self) -> None:
        """Free what ended processes of this machine had claimed."""
        leases_end_dead(style_run=self._style_run)


class LeadingEvaluator:
    """Evaluates for the worker that holds a style's lease, sharing with helpers if there are any.

    Without helpers it touches no row: its evaluations are kept in memory until a helper appears,
    which needs them to reach the same candidates. Existing rows, left by a lost worker that led
    the slice before, are reused.
    """

    def __init__(self, style_run: StyleRun, evaluator: Callable[[Task], Evaluation]) -> None:
        self._style_run, self._evaluator = style_run, evaluator
        self._claims = CandidateClaims(style_run)
        self._has_rows = self._claims.exist()
        self._evaluated: list[Evaluated] = []
        self._checked_at, self._helped = -LEADER_CHECK_SECONDS, False

    def __call__(self, tasks: Sequence[Task], go_on: GoOn) -> Evaluations:
        for number, task in enumerate(tasks):
            if number and not go_on():
                return
            if self._has_rows or (len(tasks) > 1 and self._is_helped()):
                yield from self._together(tasks[number:], go_on)
                return
            evaluation = self._evaluator(task)
            self._evaluated.append(Evaluated(task.number, task.digest, evaluation))
            yield evaluation

    def _together(self, tasks: Sequence[Task], go_on: GoOn) -> Evaluations:
        self._claims.publish(self._evaluated, tasks)
        self._evaluated.clear()
        try:
            yield from evaluated_jointly(self._claims, tasks, self._evaluator, go_on, leads=True)
        finally:
            self._claims.close()

    def _is_helped(self) -> bool:
        if time.monotonic() - self._checked_at >= LEADER_CHECK_SECONDS:
            self._checked_at = time.monotonic()
            self._helped = self._has_helper()
        return self._helped

    @waits_for_database
    def _has_helper(self) -> bool:
        rows = StyleRun.objects.filter(pk=self._style_run.pk, helped_at__gte=Now() - HELPED)
        return rows.exists()


def evaluated_jointly(
    claims: CandidateClaims,
    tasks: Sequence[Task],
    evaluator: Callable[[Task], Evaluation],
    go_on: GoOn,
    *,
    leads: bool,
) -> Evaluations:
    """Yield the evaluations of the tasks in order, evaluating those no other worker has claimed.

    When it must stop, the leader withdraws unclaimed tasks and waits for claimed ones.
    """
    yielded, ending, waited, checked = 0, False, 0.0, 0.0
    while yielded < len(tasks):
        rows = claims.look(tasks[yielded:])
        while yielded < len(tasks) and (row := rows.get(tasks[yielded].number)) and row.evaluation:
            yield Evaluation.from_json(row.evaluation)
            yielded, waited, checked = yielded + 1, 0.0, 0.0
        if yielded == len(tasks) or (ending and tasks[yielded].number not in rows):
            return
        if not ending and not go_on():
            if not leads:
                return
            ending = True
            claims.close()
            continue
        if row := claims.claim(rows):
            claims.carry_out(row, tasks[row.number - tasks[0].number], evaluator)
            waited = checked = 0.0
        else:
            shortest, longest = POLL_SECONDS
            pause = min(max(shortest, POLL_PART * waited), longest)
            time.sleep(pause)
            waited += pause
            if waited - checked >= DEAD_CHECK_SECONDS:
                claims.free_dead()
                checked = waited
