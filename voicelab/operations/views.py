"""Health, readiness and metrics; for admins the operations page and the audit log."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from corpus.tables import formula_safe
from voicelab.operations import metrics as figures
from voicelab.operations import observation, probes
from voicelab.operations.audit import Act, act_record
from voicelab.operations.models import AuditEntry, AuditQuerySet
from voicelab.roles import ADMIN, ROLES, role_required, roles_of

PAGE_SIZE = 50
COLUMNS = ("at", "person", "act", "about", "address", "details", "request_id")
KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}


class _Line:
    """What csv writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


class AuditFilter(forms.Form):
    act = forms.ChoiceField(
        required=False, label=_("What"), choices=[("", _("All")), *AuditEntry.Act.choices]
    )
    who = forms.CharField(
        required=False, max_length=150, label=pgettext_lazy("audit", "Who"),
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("name for signing in")}),
    )  # fmt: skip
    about = forms.CharField(
        required=False, max_length=100, label=_("To what"),
        widget=forms.TextInput(attrs={"type": "search"}),
    )  # fmt: skip
    since = forms.DateField(
        required=False, label=_("From day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label=_("To day"), widget=forms.DateInput(attrs={"type": "date"})
    )

    def rows(self) -> AuditQuerySet:
        """Return the entries that are asked for; none while a field is wrong."""
        if not self.is_valid():
            return AuditEntry.objects.none()
        asked = self.cleaned_data
        rows = AuditEntry.objects.told(act=asked["act"], who=asked["who"], about=asked["about"])
        if asked["since"]:
            rows = rows.filter(at__gte=_moment(asked["since"], time.min))
        if asked["until"]:
            rows = rows.filter(at__lte=_moment(asked["until"], time.max))
        return rows


@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    return JsonResponse(probes.health())


@require_GET
def readyz(_request: HttpRequest) -> HttpResponse:
    body, status = probes.readiness()
    return JsonResponse(body, status=status)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer who has METRICS_KEY, and admins."""
    given = request.headers.get("Authorization", "")
    if given and not probes.key_fits(given):
        return HttpResponse("METRICS_KEY is missing or wrong\n", status=401)
    return _figures(request) if given else role_required(ADMIN)(_figures)(request)


def _figures(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(figures.text(), content_type=figures.CONTENT_TYPE)


@require_GET
@role_required(ADMIN)
def operations(request: HttpRequest) -> HttpResponse:
    queues, disks = observation.queues(), observation.places()
    context = {
        "now": timezone.now(),
        "queues": queues,
        "workers": observation.workers(),
        "leases": observation.leases(),
        "disks": disks,
        "media_bytes": observation.media_bytes(),
        "database_bytes": observation.database_bytes(),
        "failures": observation.failures(),
        "broker_is_silent": any(one.messages is None for one in queues),
        "low_disks": [one for one in disks if one.is_low],
    }
    return render(request, "operations/operations.html", context)


@require_GET
@role_required(*ROLES)
def unattended(request: HttpRequest) -> HttpResponse:
    """Answer the part of the home page that says which work waits for no worker."""
    context = {"unattended": observation.unattended(), "roles": roles_of(request.user)}
    return render(request, "operations/_unattended.html", context)


@require_GET
@role_required(ADMIN)
def audit(request: HttpRequest) -> HttpResponse:
    filter_ = AuditFilter(request.GET)
    page = Paginator(filter_.rows(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"filter": filter_, "page": page, "filtered": any(filter_.data.values())}
    return render(request, "operations/audit.html", context, status=422 if filter_.errors else 200)


@require_GET
@role_required(ADMIN)
def audit_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send what the page's filter shows, oldest first; that it was sent is recorded too."""
    filter_ = AuditFilter(request.GET)
    if kind not in KINDS:
        raise Http404
    if not filter_.is_valid():
        return audit(request)
    name = f"audit-{timezone.now():%Y%m%d-%H%M}.{kind}"
    act_record(Act.EXPORTED, about=name, filter=request.GET.urlencode())
    rows = filter_.rows().order_by("pk").iterator()
    return StreamingHttpResponse(
        _csv(rows) if kind == "csv" else _json(rows),
        content_type=KINDS[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _moment(day: Any, at: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, at))


def _csv(rows: Iterator[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in rows:
        values = _values(row)
        values["details"] = json.dumps(values["details"], ensure_ascii=False)
        yield writer.writerow(formula_safe(values[name]) for name in COLUMNS)


def _json(rows: Iterator[AuditEntry]) -> Iterator[str]:
    yield "["
    for n, row in enumerate(rows):
        yield (",\n" if n else "\n") + json.dumps(_values(row), ensure_ascii=False)
    yield "\n]\n"


def _values(row: AuditEntry) -> dict[str, Any]:
    return {name: getattr(row, name) for name in COLUMNS} | {"at": row.at.isoformat()}
