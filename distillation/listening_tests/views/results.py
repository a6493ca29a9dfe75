"""The results of a listening test: effects, listeners, plots; and the votes as files."""

import csv
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from corpus.tables import formula_safe
from distillation.listening_tests.models import ListeningTest
from distillation.listening_tests.scales import Kind
from distillation.listening_tests.services.access import may_see_results, part_of
from distillation.listening_tests.services.findings import disagreements
from distillation.listening_tests.services.results import (
    export_of,
    progress_of,
    result_of,
    vote_rows,
)
from distillation.listening_tests.views.plots import answer_bars, effect_plot, mean_plot
from distillation.listening_tests.wording import EFFECTS, REASONS
from voicelab.operations.audit import Act, act_record
from voicelab.roles import REVIEWER, ROLES, role_required, roles_of

FEW_VOTES = 24  # below it, only large differences show


@require_GET
@role_required(*ROLES)
def results(request: HttpRequest, pk: int) -> HttpResponse:
    test = get_object_or_404(ListeningTest.objects.select_related("run"), pk=pk)
    if not may_see_results(request.user, test):
        return _withheld(request, test)
    result = result_of(test)
    voices = {voice.position: voice for voice in test.voices.select_related("style_run__run")}
    context: dict[str, Any] = {"test": test, "result": result, "voices": voices.values()}
    if result:
        context |= _shown(test, result.figures, voices)
    return render(request, "listening_tests/results.html", context)


@require_GET
@role_required(REVIEWER)
def export(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    test = get_object_or_404(ListeningTest, pk=pk)
    if not may_see_results(request.user, test):
        raise PermissionDenied
    if kind == "json":
        answer: HttpResponse = JsonResponse(export_of(test), json_dumps_params={"indent": 2})
    elif kind == "csv":
        answer = _csv(test)
    else:
        raise Http404
    name = f"listening-test-{pk}.{kind}"
    act_record(Act.EXPORTED, about=name)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _withheld(request: HttpRequest, test: ListeningTest) -> HttpResponse:
    """Show why the results are not shown, and how to come to them."""
    part = part_of(request.user, test)
    if part is None and REVIEWER not in roles_of(request.user):
        raise PermissionDenied
    return render(request, "listening_tests/withheld.html", {"test": test, "part": part})


def _shown(test: ListeningTest, figures: dict[str, Any], voices: dict[int, Any]) -> dict[str, Any]:
    kind = Kind(test.kind)
    names = {position: _name(voice, voices) for position, voice in voices.items()}
    listeners = [
        {**row, "reliability": found, "reasons": [REASONS[one] for one in found["reasons"]]}
        for row in progress_of(test)
        if (found := figures["listeners"].get(str(row["listener"].number)))
    ]
    return {
        "kept": figures["kept"],
        "few": figures["kept"]["votes"] < FEW_VOTES,
        "alone": len(figures["listeners"]) - len(figures["excluded"]) == 1,
        "axis": EFFECTS[kind],
        "effects": effect_plot(kind, figures["kept"]["effects"], figures["all"]["effects"], names),
        "means": mean_plot(figures["kept"]["means"], names),
        "bars": answer_bars(kind, figures["kept"]["answers"], names),
        "excluded": len(figures["excluded"]),
        "listeners": listeners,
        "notes": list(disagreements(test)),
    }


def _name(voice: Any, voices: dict[int, Any]) -> str:
    several = len({one.style_run_id for one in voices.values()}) > 1
    role = voice.get_role_display()
    return f"{role} · {voice.style_run.run}" if several else role


def _csv(test: ListeningTest) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    rows = list(vote_rows(test))
    writer = csv.DictWriter(answer, list(rows[0]) if rows else ["test"])
    writer.writeheader()
    writer.writerows({name: formula_safe(value) for name, value in row.items()} for row in rows)
    return answer
