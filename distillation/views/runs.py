"""The list of runs, and the page of one that shows how far it is and lets an admin steer it."""

import csv
import hashlib
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from distillation import services
from distillation.models import ACTIVE, Run, RunState, ScorePoint, Stage, StyleRun
from distillation.services.faults import RunError
from distillation.views.charts import PARTS, curves
from voicelab.roles import ADMIN, ROLES, role_required

PATIENCE = timedelta(seconds=10)
STOP_POLLING = 286  # htmx: swap this and poll no more
STAGES = list(Stage)


@require_GET
@role_required(*ROLES)
def runs(request: HttpRequest) -> HttpResponse:
    rows = Run.objects.with_progress().select_related("created_by").prefetch_related("style_runs")
    page = Paginator(rows, 20).get_page(request.GET.get("page"))
    return render(request, "distillation/runs.html", {"page": page})


@require_GET
@role_required(*ROLES)
def run(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "distillation/run.html", run_context(pk))


@require_GET
@role_required(*ROLES)
def run_panel(request: HttpRequest, pk: int) -> HttpResponse:
    services.runs_recover()
    context = run_context(pk)
    heard = request.GET.getlist("heard")
    sounds = [sound for style in context["styles"] for sound in style["sounds"]]
    context["fresh"] = [sound for sound in sounds if sound["version"] not in heard]
    status = 200 if context["run"].is_active else STOP_POLLING
    return render(request, "distillation/_run_answer.html", context, status=status)


@require_GET
@role_required(*ROLES)
def run_curve(request: HttpRequest, pk: int) -> HttpResponse:
    """The curve alone, every point of it: a file to open in a spreadsheet."""
    run = get_object_or_404(Run, pk=pk)
    points = ScorePoint.objects.filter(style_run__run=run).order_by("style_run", "step")
    response = HttpResponse(content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="curve-{pk}.csv"'
    write = csv.writer(response).writerow
    write(["style", "step", *PARTS])
    for row in points.values_list("style_run__style", "step", *PARTS):
        write(row)
    return response


@require_POST
@role_required(ADMIN)
def run_pause(request: HttpRequest, pk: int) -> HttpResponse:
    return _steer(request, pk, services.run_pause)


@require_POST
@role_required(ADMIN)
def run_resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _steer(request, pk, services.run_resume)


@require_POST
@role_required(ADMIN)
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _steer(request, pk, services.run_cancel)


@require_POST
@role_required(ADMIN)
def run_retry(request: HttpRequest, pk: int) -> HttpResponse:
    return _steer(request, pk, services.run_retry)


def _steer(request: HttpRequest, pk: int, service: Any) -> HttpResponse:
    try:
        service(run=get_object_or_404(Run, pk=pk), person=request.user)
    except RunError as error:
        messages.error(request, str(error))
    return redirect("run", pk=pk)


def run_context(pk: int) -> dict[str, Any]:
    run = get_object_or_404(Run.objects.select_related("created_by", "report"), pk=pk)
    styles = list(run.style_runs.all())
    points = ScorePoint.objects.filter(style_run__run=run)
    return {
        "run": run,
        "recipe": run.run_recipe,
        "styles": [style_context(style) for style in styles],
        "charts": curves(styles, points),
        "events": run.events.select_related("person").order_by("-pk")[:12],
        "remaining_s": remaining_s(styles),
        **_unanswered(run, styles),
        "can": _allowed_steps(run, styles),
    }


def style_context(style_run: StyleRun) -> dict[str, Any]:
    return {
        "row": style_run,
        "stages": [_stage(style_run, stage) for stage in STAGES],
        "per_second": style_run.evaluations / style_run.seconds if style_run.seconds else None,
        "remaining_s": _remaining_s(style_run),
        "sounds": [_sound(style_run, what) for what in ("target", "preview")],
    }


def _sound(style_run: StyleRun, what: str) -> dict[str, str]:
    """Address a sound so that a new one has a new address; it is swapped only then."""
    sound = {"id": f"sound-{style_run.style}-{what}", "what": what}
    sound["version"] = f"{sound['id']}-{getattr(style_run, what).name}"
    if getattr(style_run, what):
        arguments = (style_run.run_id, style_run.style, what)
        query = f"?v={hashlib.sha256(sound['version'].encode()).hexdigest()[:8]}"
        sound["src"] = reverse("style_audio", args=[*arguments, "wav"]) + query
        sound["drawn"] = reverse("style_audio", args=[*arguments, "svg"]) + query
    return sound


def remaining_s(styles: list[StyleRun]) -> float | None:
    """Seconds until the searches end, shared over the workers that search now; None: unknown."""
    each = [_remaining_s(style) for style in styles if style.state in ACTIVE]
    if not each or None in each:
        return None
    at_work = sum(1 for style in styles if style.lease and style.state == RunState.RUNNING)
    known = [seconds for seconds in each if seconds is not None]
    return max(max(known), sum(known) / max(1, at_work))


def _remaining_s(style_run: StyleRun) -> float | None:
    if style_run.stage == Stage.VALIDATE:
        return 0.0
    if not style_run.evaluations:
        return None
    return (style_run.steps - style_run.step) * style_run.seconds / style_run.evaluations


def _stage(style_run: StyleRun, stage: Stage) -> dict[str, Any]:
    now, here = STAGES.index(Stage(style_run.stage)), STAGES.index(stage)
    if here < now or style_run.state == RunState.FINISHED:
        state = "done"
    elif here > now:
        state = "waiting"
    else:
        state = {RunState.RUNNING: "at-work", RunState.FAILED: "failed"}.get(
            RunState(style_run.state), "waiting"
        )
    return {"name": stage.label, "state": state}


def _unanswered(run: Run, styles: list[StyleRun]) -> dict[str, bool]:
    """Tell of which kind of worker nobody is there while a slice waits for it."""
    since = timezone.now() - PATIENCE
    lying = [style for style in styles if style.state in ACTIVE and not style.lease]
    waits = [style for style in lying if style.queued_at is None or style.queued_at < since]
    queues = {services.queue_of(style) for style in waits} if run.is_active else set()
    return {
        "unanswered": services.ORDINARY in queues and not services.worker_is_there(),
        "teacher_missing": services.TEACHER in queues and not services.teacher_is_there(),
    }


def _allowed_steps(run: Run, styles: list[StyleRun]) -> dict[str, bool]:
    failed = any(style.state == RunState.FAILED for style in styles)
    return {
        "pause": run.is_active,
        "resume": run.state == RunState.PAUSED,
        "cancel": run.state not in (RunState.FINISHED, RunState.CANCELLED),
        "retry": failed and run.state in (RunState.FAILED, RunState.RUNNING),
    }
