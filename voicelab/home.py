"""The home page: what an installation lacks, the next of five steps, the voice of each style."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from corpus.models import Sentence, StyleLabel
from distillation.engines import natural_student
from distillation.models import Deployment, Run, RunState, StyleRun
from distillation.services.in_use import engines_in_use
from distillation.services.recovery import worker_is_there
from distillation.views.headline import headline
from voicelab.operations.observation import unattended
from voicelab.roles import ADMIN, LABELER, REVIEWER, ROLE_NAMES, SPEAKER, roles_of
from voicelab.steps import count, steps_for


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    labels, takes = Sentence.objects.label_counts(), Sentence.objects.take_counts()
    run = Run.objects.first()
    rows, roles = _rows(labels, takes), roles_of(request.user)
    steps = steps_for(request.user, roles, count(rows, labels, run))
    context = {
        "steps": steps,
        "todo": [todo for step in steps for todo in step.todo],
        "next": next((step for step in steps if step.todo), None),
        "missing": missing() if ADMIN in roles else [],
        "unattended": unattended(),
        "rows": rows,
        "in_use": engines_in_use(),
    }
    return render(request, "home.html", context)


def _rows(labels: dict[str | None, int], takes: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Return one row per style: its labels, takes, the voice in service and a newer one.

    A voice is shown by its held-out figures.
    """
    finished = StyleRun.objects.filter(state=RunState.FINISHED)
    newest = finished.order_by().values("style").annotate(newest=Max("pk")).values("newest")
    runs = {row.style: row for row in StyleRun.objects.filter(pk__in=newest)}
    current = Deployment.objects.current().select_related("pack__style_run")
    voices = {row.voice: row for row in current}
    nothing = {"accepted": 0, "waiting": 0}
    return [
        {
            "style": style,
            "labelled": labels.get(style.key, 0),
            **takes.get(style.key, nothing),
            **_voices(runs.get(style.key), voices.get(style.key)),
        }
        for style in StyleLabel.objects.all()
    ]


def _voices(style_run: Any, deployment: Any) -> dict[str, Any]:
    served = deployment.pack.style_run if deployment else None
    newer = style_run if style_run != served else None
    return {
        "newer_run": newer,
        "newer": headline(newer.report) if newer else None,
        "deployment": deployment,
        "served": headline(served.report) if served else None,
    }


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What is missing, and the command or the page that brings it."""

    text: str
    command: str = ""
    href: str = ""
    action: str = ""


def missing() -> list[Missing]:
    """Return what is missing, first things first."""
    return list(_missing())


def _missing() -> Iterator[Missing]:
    if not StyleLabel.objects.exists():
        yield Missing(
            text=_("Load the four styles and 127 sentences that come with Voice Lab:"),
            command="manage.py load_corpus",
        )
    elif not Sentence.objects.exists():
        yield Missing(
            text=_("The corpus has no sentences."),
            href=reverse("sentences_import"),
            action=_("Import sentences"),
        )
    if roles := _roles_without_people():
        yield Missing(
            text=_("Nobody has the role: %(roles)s.") % {"roles": ", ".join(roles)},
            href=reverse("people"),
            action=_("Add people"),
        )
    if not engines_in_use().natural_is_here:
        yield Missing(
            text=_("For voices that sound natural, fetch Kokoro's files:"),
            command=natural_student().install_hint,
        )
    if not worker_is_there():
        yield Missing(
            text=_("No worker is alive, so runs and deployments would wait:"),
            command="celery -A voicelab worker",
        )


def _roles_without_people() -> list[str]:
    held = set(Group.objects.filter(user__is_active=True).values_list("name", flat=True))
    return [str(ROLE_NAMES[role]) for role in (LABELER, SPEAKER, REVIEWER) if role not in held]
