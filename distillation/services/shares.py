"""Shares: the candidates of a slice as rows, judged by whichever worker takes them."""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from distillation.models import Share, StyleRun
from distillation.services.leases import owner_is_gone, owner_name
from distillation.stages.judging import GoOn, Task, Verdict, Verdicts

logger = logging.getLogger(__name__)

POLL_SECONDS, POLL_PART = (0.004, 0.2), 0.1  # shortest and longest; of what was waited already
LOOK_SECONDS = 0.1  # between two looks whether somebody helps
HELPED_SECONDS = 6.0  # a helper that gave no sign for so long is gone


class OtherCandidates(RuntimeError):
    """This machine computes other candidates than the one that leads the search."""


class Judged(NamedTuple):
    """A candidate by its number and digest, and what came of it, if anything has yet."""

    number: int
    digest: str
    verdict: Verdict | None


class Shares:
    """The shares of one slice of a style; every change is one conditional UPDATE."""

    def __init__(self, style_run: StyleRun) -> None:
        self._style_run = style_run
        self._rows = Share.objects.filter(style_run=style_run, slice=style_run.slice)

    def exist(self) -> bool:
        """Tell whether a lost worker left any, judged or begun by who helped it."""
        return self._rows.exists()

    @transaction.atomic
    def publish(self, judged: Sequence[Judged], tasks: Sequence[Task]) -> None:
        """Offer the tasks, after the verdicts by which helpers come to the same candidates."""
        offered = [*judged, *(Judged(task.number, task.digest, None) for task in tasks)]
        there = Share.objects.filter(style_run=self._style_run)
        there.exclude(slice=self._style_run.slice).delete()
        old = {row.number: row for row in there.filter(number__in=[one.number for one in offered])}
        for one in offered:
            row = old.get(one.number)
            if row and (row.digest != one.digest or (one.verdict and not row.verdict)):
                row.delete()
        rows = [
            Share(
                style_run=self._style_run,
                slice=self._style_run.slice,
                number=one.number,
                digest=one.digest,
                verdict=one.verdict and one.verdict.to_json(),
            )
            for one in offered
        ]
        Share.objects.bulk_create(rows, ignore_conflicts=True)

    def close(self) -> None:
        """Take back what nobody has begun."""
        self._rows.filter(verdict__isnull=True, lease="").delete()

    def look(self, tasks: Sequence[Task]) -> dict[int, Share]:
        """Return the tasks' rows by number.

        Raises
        ------
        OtherCandidates
            A row is of another candidate than the task.
        """
        rows = {row.number: row for row in self._rows.filter(number__in=[t.number for t in tasks])}
        if any(t.number in rows and rows[t.number].digest != t.digest for t in tasks):
            raise OtherCandidates(f"{self._style_run}: not the candidates that were offered.")
        return rows

    def claim(self, rows: dict[int, Share]) -> Share | None:
        """Take the first row that is free, or whose worker is lost; None if there is none."""
        now = timezone.now()
        for row in rows.values():
            if row.verdict is None and _is_free(row):
                token = uuid.uuid4().hex
                unchanged = self._rows.filter(pk=row.pk, lease=row.lease, verdict__isnull=True)
                if unchanged.update(
                    lease=token,
                    lease_owner=owner_name(),
                    leased_until=now + timedelta(seconds=settings.SHARE_SECONDS),
                ):
                    row.lease = token
                    return row
        return None

    def carry_out(self, row: Share, task: Task, judge: Callable[[Task], Verdict]) -> None:
        """Judge a claimed row and keep its verdict; a row that was taken over stays theirs."""
        verdict = None
        try:
            verdict = judge(task)
        finally:
            mine = self._rows.filter(pk=row.pk, lease=row.lease)
            if verdict is None:
                mine.update(lease="")
            else:
                mine.update(verdict=verdict.to_json())


class Lead:
    """Judges for the worker that holds a style's lease, with whoever helps.

    Alone it touches no row: its verdicts are kept in memory until a helper shows, who needs
    them to come to the same candidates. Rows that are there already, of the worker that led the
    slice before and was lost, are taken up.
    """

    def __init__(self, style_run: StyleRun, judge: Callable[[Task], Verdict]) -> None:
        self._style_run, self._judge = style_run, judge
        self._shares = Shares(style_run)
        self._left = self._shares.exist()
        self._judged: list[Judged] = []
        self._looked, self._helped = -LOOK_SECONDS, False

    def __call__(self, tasks: Sequence[Task], go_on: GoOn) -> Verdicts:
        for number, task in enumerate(tasks):
            if number and not go_on():
                return
            if self._left or (len(tasks) > 1 and self._is_helped()):
                yield from self._together(tasks[number:], go_on)
                return
            verdict = self._judge(task)
            self._judged.append(Judged(task.number, task.digest, verdict))
            yield verdict

    def _together(self, tasks: Sequence[Task], go_on: GoOn) -> Verdicts:
        self._shares.publish(self._judged, tasks)
        self._judged.clear()
        try:
            yield from judged_together(self._shares, tasks, self._judge, go_on, leads=True)
        finally:
            self._shares.close()

    def _is_helped(self) -> bool:
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            since = timezone.now() - timedelta(seconds=HELPED_SECONDS)
            style_run = StyleRun.objects.filter(pk=self._style_run.pk, helped_at__gte=since)
            self._helped = style_run.exists()
        return self._helped


def judged_together(
    shares: Shares,
    tasks: Sequence[Task],
    judge: Callable[[Task], Verdict],
    go_on: GoOn,
    *,
    leads: bool,
) -> Verdicts:
    """Yield the verdicts of the tasks in order, judging whichever nobody else has taken.

    Who leads takes back what is left when it may not go on, and waits for what is begun.
    """
    told, ending, waited = 0, False, 0.0
    while told < len(tasks):
        rows = shares.look(tasks[told:])
        while told < len(tasks) and (row := rows.get(tasks[told].number)) and row.verdict:
            yield Verdict.from_json(row.verdict)
            told, waited = told + 1, 0.0
        if told == len(tasks) or (ending and tasks[told].number not in rows):
            return
        if not ending and not go_on():
            if not leads:
                return
            ending = True
            shares.close()
            continue
        if row := shares.claim(rows):
            shares.carry_out(row, tasks[row.number - tasks[0].number], judge)
            waited = 0.0
        else:
            shortest, longest = POLL_SECONDS
            pause = min(max(shortest, POLL_PART * waited), longest)
            time.sleep(pause)
            waited += pause


def _is_free(row: Share) -> bool:
    if not row.lease or row.lease_owner == owner_name():
        return True
    late = row.leased_until is not None and row.leased_until <= timezone.now()
    return late or owner_is_gone(row.lease_owner)
