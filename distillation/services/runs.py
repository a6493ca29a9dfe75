"""Launches, pauses, resumes, cancels and retries runs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from corpus.storage import room_fault
from distillation.models import (
    ACTIVE,
    CandidateClaim,
    Run,
    RunEvent,
    RunState,
    ScorePoint,
    Stage,
    StyleRun,
    VoicePack,
)
from distillation.recipe import RunRecipe
from distillation.services.errors import RunError
from distillation.services.provenance import take_uses_store
from distillation.services.queue import slice_enqueue
from distillation.services.run_files import files_delete, sample_name
from voicelab.operations.audit import Act, act_record

UNUSABLE_CHECKPOINT = ("checkpoint_damaged", "bad_checkpoint", "other_checkpoint")
PACK_FILES = (
    *("missing", "unreadable", "not_a_pack", "unsafe", "too_large"),
    *("dtype", "shape", "out_of_range", "not_finite", "wrong_engine"),
)
BEFORE_SEARCH = {
    **dict.fromkeys(("checkpoint", "checkpoint_sha256", "preview", "stopped"), ""),
    **dict.fromkeys(("start_voice", "base_voice"), ""),
    **dict.fromkeys(("step", "evaluations", "seconds"), 0),
    **dict.fromkeys(("diversity", "start_score", "best_score"), None),
    **dict.fromkeys(("target_similarity", "self_similarity", "feature_similarity"), None),
}

LIVE = (*ACTIVE, RunState.PAUSED)
DOUBLE_SUBMIT_SECONDS = 10.0


@transaction.atomic
def run_launch(*, person: Any, recipe: RunRecipe, name: str = "") -> Run:
    """Store the run with its styles and send the first slice of each."""
    run = Run.objects.create(
        name=name,
        recipe=recipe.to_json(),
        fingerprint=recipe.fingerprint(),
        created_by=person,
    )
    for key in recipe.style_keys:
        style_run = StyleRun.objects.create(run=run, style=key, steps=recipe.steps_of(key))
        take_uses_store(style_run)
        slice_enqueue(style_run)
    event_add(run, "launched", person=person)
    return run


@transaction.atomic
def run_launch_once(*, person: Any, recipe: RunRecipe, name: str = "") -> Run:
    """Launch as `run_launch`, but only once for a form that was submitted twice."""
    get_user_model().objects.select_for_update().get(pk=person.pk)  # one form at a time
    since = timezone.now() - timedelta(seconds=DOUBLE_SUBMIT_SECONDS)
    equal = Run.objects.filter(created_by=person, name=name, fingerprint=recipe.fingerprint())
    before = equal.filter(created_at__gte=since).first()
    return before or run_launch(person=person, recipe=recipe, name=name)


def run_pause(*, run: Run, person: Any) -> Run:
    """Pause the run, within a slice if necessary; one that waits for room stays paused then."""
    with _locked(run, *ACTIVE, *([RunState.PAUSED] if run.is_held else [])) as locked:
        locked.error_code = locked.error = ""
        locked.style_runs.filter(state__in=ACTIVE).update(state=RunState.PAUSED)
        run_change_state(locked, RunState.PAUSED, "paused", person)
    return locked


def run_resume(*, run: Run, person: Any) -> Run:
    """Resume a paused run."""
    with _locked(run, RunState.PAUSED) as locked:
        _resume(locked, person)
    return locked


def run_hold(*, run: Run, code: str, message: str) -> None:
    """Pause a run that cannot store its work; `runs_release` resumes it once there is room."""
    with suppress(RunError), _locked(run, *ACTIVE) as locked:
        locked.style_runs.filter(state__in=ACTIVE).update(state=RunState.PAUSED)
        locked.error_code, locked.error = code, message
        run_change_state(locked, RunState.PAUSED, "held", detail=f"{code}: {message}")


def runs_release() -> int:
    """Resume the runs that were held, if there is room now; return how many."""
    held = Run.objects.held()
    if not held.exists() or room_fault():
        return 0
    return sum(map(_release, held))


def _release(run: Run) -> bool:
    """Resume a run unless a person, or another worker, was faster."""
    with suppress(RunError), _locked(run, RunState.PAUSED) as locked:
        if locked.is_held:
            _resume(locked, None)
            return True
    return False


def run_cancel(*, run: Run, person: Any) -> Run:
    """End the run without a result; its finished styles keep their packs."""
    with _locked(run, *LIVE, RunState.FAILED) as locked:
        ending = locked.style_runs.filter(state__in=(*LIVE, RunState.FAILED))
        ending.update(state=RunState.CANCELLED)
        locked.finished_at = timezone.now()
        run_change_state(locked, RunState.CANCELLED, "cancelled", person)
    return locked


def run_retry(*, run: Run, person: Any) -> Run:
    """Resume the failed styles from their last checkpoint."""
    with _locked(run, RunState.RUNNING, RunState.FAILED) as locked:
        if not locked.style_runs.filter(state=RunState.FAILED).exists():
            raise RunError("wrong_state", _("No style of this run failed."))
        searches_restart(locked)
        packs_restore(locked)
        _requeue(locked, RunState.FAILED)
        locked.error_code = locked.error = ""
        locked.finished_at = None
        run_change_state(locked, RunState.RUNNING, "retried", person)
    return locked


def event_add(
    run: Run, what: str, *, style: str = "", detail: str = "", person: Any = None
) -> None:
    """Append to the run's history; what a person did, to the audit log as well."""
    RunEvent.objects.create(run=run, what=what, style=style, detail=detail, person=person)
    if person is not None:
        act_record(Act(f"run-{what}"), person=person, about=run, run=run.pk)


@contextmanager
def _locked(run: Run, *allowed: str) -> Iterator[Run]:
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.state not in allowed:
            message = _("Run %(run)s is %(state)s; reload its page to see what can be done now.")
            state = locked.get_state_display()
            raise RunError("wrong_state", message % {"run": locked, "state": state})
        yield locked


def _resume(locked: Run, person: Any) -> None:
    _requeue(locked, RunState.PAUSED)
    locked.error_code = locked.error = ""
    run_change_state(locked, _resumed_state(locked), "resumed", person)


def _requeue(run: Run, state: str) -> None:
    for style_run in run.style_runs.filter(state=state):
        StyleRun.objects.filter(pk=style_run.pk).update(
            state=RunState.QUEUED, error_code="", error="", losses=0
        )
        slice_enqueue(style_run)


def _resumed_state(run: Run) -> RunState:
    return RunState.RUNNING if run.started_at else RunState.QUEUED


def run_change_state(
    run: Run,
    state: RunState,
    what: str,
    person: Any = None,
    detail: str = "",
) -> None:
    run.state = state
    run.save()
    event_add(run, what, person=person, detail=detail)


def searches_restart(run: Run) -> None:
    """Reset searches that cannot resume; the files of their checkpoints are kept."""
    rows = run.style_runs.filter(state=RunState.FAILED, error_code__in=UNUSABLE_CHECKPOINT)
    packs = VoicePack.objects.filter(style_run__in=rows)
    files = [name for pack in packs for name in (str(pack.file.name), sample_name(pack))]
    files += [str(row.preview.name) for row in rows if row.preview]
    packs.delete()
    for model in (ScorePoint, CandidateClaim):
        model.objects.filter(style_run__in=rows).delete()
    StyleRun.objects.filter(pk__in=rows).update(**BEFORE_SEARCH)
    transaction.on_commit(partial(files_delete, files), robust=True)


def packs_restore(run: Run) -> None:
    """Return styles with an unreadable pack to the search's end: the checkpoint has all packs."""
    failed = run.style_runs.filter(state=RunState.FAILED, stage=Stage.VALIDATE)
    rows = failed.filter(error_code__in=PACK_FILES).exclude(checkpoint="")
    packs = VoicePack.objects.filter(style_run__in=rows, decisions=None, deployments=None)
    packs.delete()
    StyleRun.objects.filter(pk__in=rows).update(stage=Stage.EVOLVE)
