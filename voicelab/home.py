"""The home page: progress of labels, takes and runs, and what to do next."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from corpus.models import Recording, Sentence, StyleLabel
from corpus.services.speakers import speaker_of
from distillation.listening_tests.services.access import tests_waiting
from distillation.models import Deployment, Run, VoicePack
from distillation.services.in_use import engines_in_use
from voicelab.roles import ADMIN, LABELER, REVIEWER, SPEAKER, roles_of


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    labels, takes = Sentence.objects.label_counts(), Sentence.objects.take_counts()
    total, missing = sum(labels.values()), labels.get(None, 0)
    run = Run.objects.with_progress().prefetch_related("style_runs").first()
    rows = _rows(labels, takes, run)
    context = {
        "total": total,
        "labelled": total - missing,
        "accepted": sum(row["accepted"] for row in takes.values()),
        "waiting": sum(row["waiting"] for row in takes.values()),
        "run": run,
        "rows": rows,
        "deployed": sum(row["deployment"] is not None for row in rows),
        "in_use": engines_in_use(),
        "todo": list(_todo(request.user, total, missing, run)),
    }
    return render(request, "home.html", context)


def _rows(
    labels: dict[str | None, int], takes: dict[str, dict[str, int]], run: Run | None
) -> list[dict[str, Any]]:
    """Return one row per style: its labels, takes, style run and deployment."""
    runs = {row.style: row for row in run.style_runs.all()} if run else {}
    voices = {row.voice: row for row in Deployment.objects.current()}
    nothing = {"accepted": 0, "waiting": 0}
    return [
        {
            "style": style,
            "labelled": labels.get(style.key, 0),
            **takes.get(style.key, nothing),
            "style_run": runs.get(style.key),
            "deployment": voices.get(style.key),
        }
        for style in StyleLabel.objects.all()
    ]


def _todo(person: Any, total: int, missing: int, run: Run | None) -> Iterator[dict[str, Any]]:
    """Yield this person's pending work by role, most urgent first."""
    roles = roles_of(person)
    if REVIEWER in roles:
        yield from _to_review()
    yield from _to_listen(person)
    if LABELER in roles and missing:
        text = ngettext(
            "%(n)s sentence has no style yet.", "%(n)s sentences have no style yet.", missing
        )
        yield _item("label", text % {"n": missing}, _("Label"), f"{reverse('label')}?state=todo")
    if SPEAKER in roles:
        yield from _to_record(person)
    if ADMIN in roles:
        yield from _to_run(total, run)


def _to_review() -> Iterator[dict[str, Any]]:
    waiting = Recording.objects.filter(state=Recording.State.PENDING).count()
    if waiting:
        text = ngettext(
            "%(n)s take waits for a verdict.", "%(n)s takes wait for a verdict.", waiting
        )
        href = f"{reverse('takes')}?state=pending"
        yield _item("takes", text % {"n": waiting}, _("Review takes"), href)
    packs: Any = VoicePack.objects.evolved().filter(style_run__run__report__isnull=False)
    pack = packs.with_verdict().filter(verdict=None).select_related("style_run").first()
    if pack:
        href = reverse("review", args=[pack.style_run.run_id])
        yield _item("review", _("Evolved voices wait for your ears."), _("Review voices"), href)


def _to_listen(person: Any) -> Iterator[dict[str, Any]]:
    waiting = tests_waiting(person)
    if waiting:
        text = ngettext(
            "%(n)s listening test waits for you.", "%(n)s listening tests wait for you.", waiting
        )
        yield _item("voices", text % {"n": waiting}, _("Listen"), reverse("listening_tests"))


def _to_record(person: Any) -> Iterator[dict[str, Any]]:
    waiting = Sentence.objects.without_take_of(speaker_of(person)).count()
    if waiting:
        text = ngettext(
            "%(n)s labelled sentence waits for your voice.",
            "%(n)s labelled sentences wait for your voice.",
            waiting,
        )
        yield _item("takes", text % {"n": waiting}, _("Record"), reverse("studio"))


def _to_run(total: int, run: Run | None) -> Iterator[dict[str, Any]]:
    if not total:
        href = reverse("corpus_import")
        yield _item("upload", _("The corpus is empty."), _("Import sentences"), href)
    elif run is None:
        href = reverse("admin:distillation_run_add")
        yield _item("runs", _("No voice has been distilled yet."), _("Launch a run"), href)
    if VoicePack.objects.waiting().exists():
        yield _item("voices", _("Approved voices can be deployed."), _("Deploy"), reverse("voices"))


def _item(icon: str, text: str, action: str, href: str) -> dict[str, str]:
    return {"icon": icon, "text": text, "action": action, "href": href}
