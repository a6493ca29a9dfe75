"""The list of runs, and the page of a run: its progress, and the controls for admins."""

import csv
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from distillation.models import ACTIVE, ENDED, Run, RunState, ScorePoint, Stage, StyleRun, VoicePack
from distillation.recipe import RunRecipe
from distillation.services import runs as run_services
from distillation.services.errors import RunError
from distillation.services.provenance import takes_used
from distillation.services.queue import ORDINARY, TEACHER, queue_of
from distillation.services.recovery import runs_recover, teacher_is_there, worker_is_there
from distillation.services.target_access import may_hear_target
from distillation.views.charts import PARTS, curves, grouped
from distillation.views.headline import Headline, headline, headlines
from distillation.views.sounds import sounds_of
from voicelab.request_values import row_chosen
from voicelab.roles import ADMIN, ROLES, role_required

UNANSWERED_AFTER = timedelta(seconds=10)
EVENTS = 60  # shown, newest first; a run of four styles has fourteen
STOP_POLLING = 286  # htmx: swap this response, then stop polling
STAGES = list(Stage)


@require_GET
@role_required(*ROLES)
def runs(request: HttpRequest) -> HttpResponse:
    rows = Run.objects.with_progress().select_related("created_by", "report")
    rows = rows.prefetch_related(Prefetch("style_runs", StyleRun.objects.defer("report")))
    page = Paginator(rows, 20).get_page(request.GET.get("page"))
    found = Run.objects.filter(pk=row_chosen(request.GET.get("with", ""))).first()
    carried = found if found and found not in list(page) else None
    context = {
        "page": page,
        "rows": [(run, _headlines(run)) for run in page],
        "chosen": found,
        "carried": carried,
    }
    return render(request, "distillation/runs.html", context)


@require_GET
@role_required(*ROLES)
def run(request: HttpRequest, pk: int) -> HttpResponse:
    context = run_context(pk, request.user)
    used = takes_used(context["run"])
    speakers = {one.use.recording.speaker.name for of_style in used.values() for one in of_style}
    context |= {"used": used, "used_speakers": sorted(speakers)}
    return render(request, "distillation/run.html", context)


@require_GET
@role_required(*ROLES)
def run_panel(request: HttpRequest, pk: int) -> HttpResponse:
    runs_recover()
    context = run_context(pk, request.user)
    known = request.GET.getlist("heard")
    sounds = [
        sound for style in context["styles"] for part in style["sounds"].values() for sound in part
    ]
    context["fresh"] = [sound for sound in sounds if sound["version"] not in known]
    context["curves_fresh"] = context["curves_version"] not in known
    status = 200 if context["run"].is_live else STOP_POLLING
    return render(request, "distillation/_run_answer.html", context, status=status)


@require_GET
@role_required(*ROLES)
def run_curve(request: HttpRequest, pk: int) -> HttpResponse:
    """Send every point of the curve as CSV."""
    run = get_object_or_404(Run, pk=pk)
    points = ScorePoint.objects.filter(style_run__run=run).order_by("style_run", "step")
    response = HttpResponse(content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="curve-{pk}.csv"'
    write = csv.writer(response).writerow
    write(["style", "step", "seconds", *PARTS])
    for row in points.values_list("style_run__style", "step", "seconds", *PARTS):
        write(row)
    return response


@require_POST
@role_required(ADMIN)
def run_pause(request: HttpRequest, pk: int) -> HttpResponse:
    return _control(request, pk, run_services.run_pause)


@require_POST
@role_required(ADMIN)
def run_resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _control(request, pk, run_services.run_resume)


@require_POST
@role_required(ADMIN)
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _control(request, pk, run_services.run_cancel)


@require_POST
@role_required(ADMIN)
def run_retry(request: HttpRequest, pk: int) -> HttpResponse:
    return _control(request, pk, run_services.run_retry)


def _control(request: HttpRequest, pk: int, service: Any) -> HttpResponse:
    try:
        service(run=get_object_or_404(Run, pk=pk), person=request.user)
    except RunError as error:
        messages.error(request, str(error))
    return redirect("run", pk=pk)


def run_context(pk: int, person: Any) -> dict[str, Any]:
    run = get_object_or_404(Run.objects.select_related("created_by", "report"), pk=pk)
    styles = list(run.style_runs.all())
    points = list(ScorePoint.objects.filter(style_run__run=run))
    by_style, packs = grouped(points), _packs_of(run)
    recipe = run.run_recipe
    compared = run.report.data["styles"] if hasattr(run, "report") else {}
    return {
        "run": run,
        "recipe": recipe,
        "styles": [
            {
                **style_context(row, recipe, by_style.get(row.pk, [])),
                "headline": headline(compared.get(row.style) or row.report, row.style),
                "sounds": sounds_of(
                    row, packs.get(row.pk, []), target=may_hear_target(person, row)
                ),
            }
            for row in styles
        ],
        "charts": curves(styles, points),
        "curves_version": f"curves-{len(points)}-{sum(row.step for row in styles)}",
        "events": run.events.select_related("person").order_by("-pk")[:EVENTS],
        "remaining_s": remaining_s(styles, recipe),
        **_missing_workers(run, styles),
        "can": _allowed_steps(run, styles),
    }


def _headlines(run: Run) -> list[Headline]:
    return headlines(run.report.data["styles"]) if hasattr(run, "report") else []


def style_context(row: StyleRun, recipe: RunRecipe, points: list[ScorePoint]) -> dict[str, Any]:
    improved = max(0, len(points) - 1)
    # A slice stores its points at its end.
    is_lagging = bool(points and row.best_score and row.best_score > points[-1].score)
    return {
        "row": row,
        "stages": [_stage(row, stage) for stage in STAGES],
        "per_second": row.evaluations / row.seconds if row.seconds else None,
        "improved": improved,
        "acceptance": 100 * improved / row.step if row.step and points else None,
        "idle": row.step - points[-1].step if points and not is_lagging else 0,
        "remaining_s": _remaining_s(row, recipe),
    }


def _packs_of(run: Run) -> dict[int, list[VoicePack]]:
    by_style: dict[int, list[VoicePack]] = {}
    for pack in VoicePack.objects.filter(style_run__run=run).order_by("step", "pk"):
        by_style.setdefault(pack.style_run_id, []).append(pack)
    return by_style


def remaining_s(styles: list[StyleRun], recipe: RunRecipe) -> float | None:
    """Estimate the seconds until all searches end with the current workers; None if unknown."""
    each = [_remaining_s(style, recipe) for style in styles if style.state in ACTIVE]
    if not each or None in each:
        return None
    workers = sum(1 for style in styles if style.lease and style.state == RunState.RUNNING)
    known = [seconds for seconds in each if seconds is not None]
    return max(max(known), sum(known) / max(1, workers))


def _remaining_s(row: StyleRun, recipe: RunRecipe) -> float | None:
    """Estimate the seconds until steps or minutes run out; a stopping rule may end it sooner."""
    if row.state == RunState.CANCELLED:
        return None
    if row.stage == Stage.VALIDATE or row.stopped:
        return 0.0
    if not row.evaluations or not row.seconds:  # base voices are being measured
        return None
    by_steps = (row.steps - row.step) * row.seconds / row.evaluations
    return (
        min(by_steps, max(0.0, 60 * recipe.minutes - row.seconds)) if recipe.minutes else by_steps
    )


def _stage(style_run: StyleRun, stage: Stage) -> dict[str, Any]:
    current, index = STAGES.index(Stage(style_run.stage)), STAGES.index(stage)
    if index < current or style_run.state == RunState.FINISHED:
        state = "done"
    elif index > current:
        state = "waiting"
    else:
        state = {RunState.RUNNING: "at-work", RunState.FAILED: "failed"}.get(
            RunState(style_run.state), "waiting"
        )
    return {"name": stage.label, "state": state}


def _missing_workers(run: Run, styles: list[StyleRun]) -> dict[str, bool]:
    """Return which kinds of worker are missing while a slice waits for one."""
    since = timezone.now() - UNANSWERED_AFTER
    queued = [style for style in styles if style.state in ACTIVE and not style.lease]
    overdue = [style for style in queued if style.queued_at is None or style.queued_at < since]
    queues = {queue_of(style) for style in overdue} if run.is_active else set()
    return {
        "unanswered": ORDINARY in queues and not worker_is_there(),
        "teacher_missing": TEACHER in queues and not teacher_is_there(),
    }


def _allowed_steps(run: Run, styles: list[StyleRun]) -> dict[str, bool]:
    failed = any(style.state == RunState.FAILED for style in styles)
    return {
        "pause": run.is_active or run.is_held,
        "resume": run.state == RunState.PAUSED,
        "cancel": run.state not in (RunState.FINISHED, RunState.CANCELLED),
        "retry": failed and run.state in (RunState.FAILED, RunState.RUNNING),
        "review": run.state in ENDED and any(row.state == RunState.FINISHED for row in styles),
    }
