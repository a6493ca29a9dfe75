"""Carries out slices of styles, as their leader or as a helper, and ends finished runs."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from functools import partial

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from corpus.files import sha256_of_json
from corpus.storage import media, storage_fault
from distillation.engines.praat import espeak
from distillation.models import (
    ACTIVE,
    CandidateClaim,
    Heartbeat,
    Run,
    RunState,
    ScorePoint,
    Stage,
    StyleRun,
    ValidationReport,
    VoicePack,
)
from distillation.services.candidate_claims import (
    CandidateClaims,
    OtherCandidates,
    evaluated_jointly,
)
from distillation.services.errors import USER_FAULTS, RunError, SliceStopped, fault_code
from distillation.services.leases import (
    NO_DATABASE,
    heartbeat_end,
    heartbeat_kept,
    help_lease,
    lease_claim,
    lease_drop,
    lease_is_held,
    waits_for_database,
)
from distillation.services.provenance import consent_hold
from distillation.services.queue import help_ask, is_ready, slice_enqueue, work_waits
from distillation.services.run_files import checkpoint_read, files_delete
from distillation.services.runs import LIVE, event_add, run_change_state, run_hold
from distillation.services.slice_work import (
    Outcome,
    evolve_slice,
    reference_slice,
    style_runner,
    validate_slice,
)
from distillation.stages.evaluation import Evaluations, GoOn, Task
from distillation.stages.run_report import build_report

logger = logging.getLogger(__name__)

MAX_LOSSES = 3
WAITED = "waited_for_style"
HELPER_CHECK_SECONDS, HELPER_BEAT_SECONDS = 0.5, 2.0
SLICES: dict[str, Callable[[StyleRun], Outcome]] = {
    Stage.REFERENCE: reference_slice,
    Stage.EVOLVE: evolve_slice,
    Stage.VALIDATE: validate_slice,
}


def style_advance(*, style_run_id: int, slice: int) -> None:
    """Do this slice of the style unless done, taken, paused or cancelled; send the next one."""
    style_run = None
    try:
        waiting = StyleRun.objects.select_related("run").filter(pk=style_run_id).first()
        if waiting and not is_ready(waiting):  # `slice_commit` sends it again
            return
        style_run = lease_claim(style_run_id=style_run_id, slice=slice)
        if style_run is None:
            return
        with heartbeat_kept(style_run.lease):
            _slice_carry_out(style_run)
    except NO_DATABASE as error:  # `runs_recover` sends it again once there is one
        logger.warning("slice %d of style_run=%d put off: %s", slice, style_run_id, error)
        if style_run:
            with suppress(*NO_DATABASE):  # or its heartbeat stands still
                lease_drop(style_run)
    except Exception:
        if style_run is None or lease_is_held(style_run):
            raise
        logger.exception("slice ended without its lease %s", _description(style_run))


def _slice_carry_out(style_run: StyleRun) -> None:
    _note_start(style_run)
    began = time.monotonic()
    logger.info("slice begun %s", _description(style_run))
    try:
        media.check()
        _check_losses(style_run)
        consent_hold(style_run)
        with espeak.speak_in_subprocess() if style_run.interruptions else nullcontext():
            outcome = SLICES[style_run.stage](style_run)
    except SliceStopped:
        logger.info("slice given back %s: paused or cancelled", _description(style_run))
        slice_abandon(style_run)
        return
    except USER_FAULTS as error:
        logger.warning("slice failed %s: %s", _description(style_run), error)
        if not lease_is_held(style_run):
            return
        style_fail(
            style_run_id=style_run.pk,
            slice=style_run.slice,
            code=fault_code(error),
            message=str(error),
        )
        return
    except OSError as error:
        fault = storage_fault(error)
        if fault is None:
            raise
        logger.error("slice given back %s: %s: %s", _description(style_run), fault.code, error)
        run_hold(run=style_run.run, code=fault.code, message=str(error))
        slice_abandon(style_run)
        return
    kept = waits_for_database(slice_commit)(style_run, outcome)
    seconds = time.monotonic() - began
    logger.info("slice ended %s seconds=%.1f kept=%s", _description(style_run), seconds, kept)
    if not kept:
        files_delete(outcome.written)


def style_fail(*, style_run_id: int, slice: int, code: str, message: str) -> None:
    """Record the error on the style, and on the run once all its styles have ended."""
    run = Run.objects.get(style_runs=style_run_id)
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        live = StyleRun.objects.filter(pk=style_run_id, slice=slice, state__in=LIVE)
        Heartbeat.objects.filter(lease__in=live.values("lease")).delete()
        failed = live.update(state=RunState.FAILED, error_code=code, error=message, lease="")
        if failed:
            style = run.style_runs.get(pk=style_run_id).style
            event_add(run, "style-failed", style=style, detail=f"{code}: {message}")
            waiting_styles_fail(run)
            run_end_if_done(run)


@transaction.atomic
def slice_commit(style_run: StyleRun, outcome: Outcome) -> bool:
    """Store a slice's outcome atomically; return False if this worker has lost its lease."""
    # The lease is checked while its row is locked: a worker that was presumed lost and comes back
    # late finds another lease and stores nothing, so each slice is stored once.
    run = Run.objects.select_for_update().get(pk=style_run.run_id)
    current = StyleRun.objects.select_for_update().filter(lease=style_run.lease).first()
    if current is None:
        return _was_stored(style_run, outcome)
    if current.state not in LIVE:
        CandidateClaim.objects.filter(style_run=current).delete()
        lease_drop(current)
        return False
    _apply(current, outcome)
    heartbeat_end(style_run.lease)
    ScorePoint.objects.bulk_create(outcome.points, ignore_conflicts=True)
    VoicePack.objects.bulk_create(outcome.packs, ignore_conflicts=True)
    VoicePack.objects.filter(pk__in=[pack.pk for pack in outcome.dropped]).delete()
    CandidateClaim.objects.filter(style_run=current).delete()
    if outcome.stage != style_run.stage:
        event_add(run, f"{style_run.stage}-finished", style=current.style)
        for other in run.style_runs.filter(stage=Stage.EVOLVE, state__in=ACTIVE, lease=""):
            if other.pk != current.pk:  # it may have waited for this one
                slice_enqueue(other)
    if current.state in ACTIVE:
        slice_enqueue(current)
    waiting_styles_fail(run)
    run_end_if_done(run)
    transaction.on_commit(partial(files_delete, outcome.replaced), robust=True)
    return True


@transaction.atomic
def slice_abandon(style_run: StyleRun) -> None:
    """Release the slice undone; send it again if the run was resumed meanwhile."""
    current = StyleRun.objects.select_for_update().get(pk=style_run.pk)
    lease_drop(style_run)
    if current.lease == style_run.lease and current.state in ACTIVE:
        slice_enqueue(current)


def _description(style_run: StyleRun) -> str:
    return (
        f"run={style_run.run_id} style={style_run.style} stage={style_run.stage} "
        f"slice={style_run.slice}"
    )


def _was_stored(style_run: StyleRun, outcome: Outcome) -> bool:
    """Return whether the outcome was stored, though the database's answer was lost."""
    later = StyleRun.objects.filter(pk=style_run.pk, checkpoint__in=outcome.written)
    return later.exists()


def _apply(current: StyleRun, outcome: Outcome) -> None:
    for name, value in outcome.fields.items():
        setattr(current, name, value)
    current.slice += 1
    current.losses = current.interruptions = 0
    current.lease = ""
    if outcome.stage is None:
        current.state = RunState.FINISHED
    else:
        current.stage = outcome.stage
    current.save()


def _note_start(style_run: StyleRun) -> None:
    Run.objects.filter(pk=style_run.run_id, state=RunState.QUEUED).update(
        state=RunState.RUNNING, started_at=timezone.now()
    )


def _check_losses(style_run: StyleRun) -> None:
    if style_run.losses >= MAX_LOSSES:
        message = _(
            "%(style)s: the worker died %(times)d times at the same slice of stage %(stage)s; look "
            "at its log and its memory, then retry."
        )
        raise RunError(
            "slice_lost",
            message
            % {"style": style_run.style, "times": style_run.losses, "stage": style_run.stage},
        )


def waiting_styles_fail(run: Run) -> None:
    """Fail the styles that wait for one that has failed; “Retry” sends all of them again."""
    styles = run.style_runs
    failed = styles.filter(state=RunState.FAILED).exclude(error_code=WAITED).first()
    if failed is None:
        return
    for style_run in styles.filter(state__in=LIVE, stage=Stage.EVOLVE, lease=""):
        if not is_ready(style_run) and _waits_for(style_run, failed):
            message = _("%(style)s waited for %(failed)s, which failed.")
            style_run.state, style_run.error_code = RunState.FAILED, WAITED
            style_run.error = message % {"style": style_run.style, "failed": failed.style}
            style_run.save(update_fields=["state", "error_code", "error"])


def _waits_for(style_run: StyleRun, failed: StyleRun) -> bool:
    is_speaker = style_run.run.run_recipe.speaker_style == failed.style
    return is_speaker or failed.stage == Stage.REFERENCE


def run_end_if_done(run: Run) -> None:
    """End a locked run whose styles have all ended: finished with its report, or failed."""
    styles = list(run.style_runs.all())
    if any(style.state in LIVE for style in styles):
        return
    ended = sorted(styles, key=lambda style: style.error_code == WAITED)  # a cause comes first
    if failed := next((style for style in ended if style.state == RunState.FAILED), None):
        run.error_code, run.error = failed.error_code, f"{failed.style}: {failed.error}"
        run.finished_at = timezone.now()
        run_change_state(run, RunState.FAILED, "failed", detail=run.error)
    elif all(style.state == RunState.FINISHED for style in styles):
        report_store(run, styles)
        run.finished_at = timezone.now()
        run_change_state(run, RunState.FINISHED, "finished")


def report_store(run: Run, styles: list[StyleRun]) -> ValidationReport:
    """Build the report of all styles and store it as a row and as a file."""
    data = build_report(run.run_recipe, [style.report for style in styles])
    report = ValidationReport(run=run, passed=data["passed"], data=data)
    text = json.dumps(data, ensure_ascii=False, indent=2)
    report.file.save("validation_report.json", ContentFile(text.encode()), save=True)
    for style in styles:
        style.report_sha256 = sha256_of_json(data["styles"][style.style])
        style.save(update_fields=["report_sha256"])
    return report


def slice_help(*, style_run_id: int, slice: int, number: int) -> None:
    """Evaluate candidates of the slice until it ends or other work waits.

    A helper runs its own copy of the search from the slice's checkpoint and applies the same
    evaluations in the same order, so no candidates need to be sent to it.
    """
    style_run = _led(style_run_id, slice)
    if style_run is None or work_waits():
        return
    try:
        with help_lease(style_run) as lease:
            _help(style_run, CandidateClaims(style_run, lease), number)
    except NO_DATABASE as error:
        logger.warning("help ended %s: %s", _description(style_run), error)


def _help(style_run: StyleRun, claims: CandidateClaims, number: int) -> None:
    evolution = style_runner(style_run).evolution(checkpoint_read(style_run))
    heartbeat = HelperHeartbeat(style_run)
    if not evolution.prepare(lambda: not heartbeat.should_stop()):
        return
    if evolution.width <= number:
        return
    if evolution.width > 2 * number:
        help_ask(style_run, number + 1)

    def evaluate_batch(tasks: Sequence[Task], go_on: GoOn) -> Evaluations:
        return evaluated_jointly(claims, tasks, evolution.evaluator, go_on, leads=False)

    try:
        evolution.advance(should_stop=heartbeat.should_stop, evaluate_batch=evaluate_batch)
    except OtherCandidates as error:
        logger.warning("%s Is it another type of machine, or another version?", error)


class HelperHeartbeat:
    """Records the helper's heartbeat, and tells it to stop when its help is no longer needed."""

    def __init__(self, style_run: StyleRun) -> None:
        self._led = StyleRun.objects.filter(
            pk=style_run.pk, slice=style_run.slice, lease=style_run.lease, state=RunState.RUNNING
        )
        self._looked, self._beaten = -HELPER_CHECK_SECONDS, -HELPER_BEAT_SECONDS

    def should_stop(self) -> bool:
        now = time.monotonic()
        if now - self._looked < HELPER_CHECK_SECONDS:
            return False
        self._looked = now
        if work_waits():
            return True
        if now - self._beaten < HELPER_BEAT_SECONDS:
            return not self._led.exists()
        self._beaten = now
        return not self._led.update(helped_at=Now())


def _led(style_run_id: int, slice: int) -> StyleRun | None:
    """Return the style if a worker is working on this slice of its search."""
    led = StyleRun.objects.filter(
        pk=style_run_id, slice=slice, stage=Stage.EVOLVE, state=RunState.RUNNING
    )
    return led.exclude(lease="").select_related("run").first()
