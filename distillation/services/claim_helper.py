"""An idle worker helps with a slice that another leads: the same search, in step with it."""

import logging
import time
from collections.abc import Sequence

from django.utils import timezone

from distillation.models import RunState, Stage, StyleRun
from distillation.services.candidate_claims import (
    CandidateClaims,
    OtherCandidates,
    evaluated_jointly,
)
from distillation.services.queue import help_ask, work_waits
from distillation.services.run_files import checkpoint_read
from distillation.services.style_work import style_runner
from distillation.stages.evaluation import Evaluations, GoOn, Task

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
BEAT_SECONDS = 2.0


def slice_help(*, style_run_id: int, slice: int, number: int) -> None:
    """Evaluate candidates of the slice until it ends or other work waits.

    A helper keeps a search of its own from the slice's checkpoint and takes the same evaluations
    in the same order: so it needs to be sent no candidate.
    """
    style_run = _led(style_run_id, slice)
    if style_run is None or work_waits():
        return
    claims = CandidateClaims(style_run)
    evolution = style_runner(style_run).evolution(checkpoint_read(style_run))
    if len(evolution.batch()) <= number:
        return
    if len(evolution.batch()) > 2 * number:
        help_ask(style_run, number + 1)

    def evaluate_batch(tasks: Sequence[Task], go_on: GoOn) -> Evaluations:
        return evaluated_jointly(claims, tasks, evolution.evaluator, go_on, leads=False)

    try:
        evolution.advance(
            should_stop=HelperHeartbeat(style_run).should_stop, evaluate_batch=evaluate_batch
        )
    except OtherCandidates as error:
        logger.warning("%s Is it another type of machine, or another version?", error)


class HelperHeartbeat:
    """Gives signs of help, and hears when there is none to give any more."""

    def __init__(self, style_run: StyleRun) -> None:
        self._led = StyleRun.objects.filter(
            pk=style_run.pk, slice=style_run.slice, lease=style_run.lease, state=RunState.RUNNING
        )
        self._looked, self._beaten = -LOOK_SECONDS, -BEAT_SECONDS

    def should_stop(self) -> bool:
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        if work_waits():
            return True
        if now - self._beaten < BEAT_SECONDS:
            return not self._led.exists()
        self._beaten = now
        return not self._led.update(helped_at=timezone.now())


def _led(style_run_id: int, slice: int) -> StyleRun | None:
    """Return the style while somebody works on this slice of its search."""
    led = StyleRun.objects.filter(
        pk=style_run_id, slice=slice, stage=Stage.EVOLVE, state=RunState.RUNNING
    )
    return led.exclude(lease="").select_related("run").first()
