"""Lists of sentences: chosen, looked at, then stored whole or not at all."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from corpus.forms import SentenceListForm
from corpus.lists import Fault, ListError, Row, SentenceList, read
from corpus.phonetics.coverage import coverage_svg
from corpus.services.sentences import ListPlan, sentences_add, sentences_plan
from corpus.uploads import TOO_LARGE
from corpus.views.exchange import fault_words
from voicelab.roles import LABELER, role_required

SHOWN = 200


@require_http_methods(["GET", "POST"])
@role_required(LABELER)
def sentences_import(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _page(request, SentenceListForm())
    form = SentenceListForm(request.POST, request.FILES, too_large=TOO_LARGE in request.META)
    if not form.is_valid():
        return _page(request, form, status=422)
    data = form.cleaned_data
    try:
        found = read(data["content"], name=data["name"])
        if "store" in request.POST:
            return _store(request, found, data)
        plan = sentences_plan(found=found, prefix=data["scheme"], alike=data["alike"])
    except ListError as error:
        return _page(request, form, status=422, faults=_said(error.faults))
    return _page(request, form, **_preview(found, plan))


def _store(request: HttpRequest, found: SentenceList, data: dict[str, Any]) -> HttpResponse:
    done = sentences_add(
        found=found,
        category=data["category"],
        list_name=data["list_name"],
        prefix=data["scheme"],
        alike=data["alike"],
    )
    text = ngettext("%s sentence added.", "%s sentences added.", done) % done
    messages.success(request, text)
    return redirect("label")


def _preview(found: SentenceList, plan: ListPlan) -> dict[str, Any]:
    names = {text: name for name, text in plan.new}
    rows = [(row, names.get(row.text, "") if _stays(row, names) else "") for row in plan.rows]
    drawing = plan.after and coverage_svg(
        plan.before, plan.after, title=_("Phonemes before and after")
    )
    return {
        "found": found,
        "plan": plan,
        "rows": rows[:SHOWN],
        "more": max(0, len(rows) - SHOWN),
        "left_out": len(rows) - len(plan.new),
        "drawing": mark_safe(drawing or ""),  # noqa: S308 - coverage_svg escapes
        "content": "\n".join(text for _line, text in found.rows),
        "guessed": found.encoding == "cp1252",
    }


def _stays(row: Row, names: dict[str, str]) -> bool:
    return row.twin not in ("file", "corpus") and row.text in names


def _said(faults: tuple[Fault, ...]) -> list[tuple[int, str]]:
    return [(fault.line, fault_words(fault)) for fault in faults]


def _page(
    request: HttpRequest, form: SentenceListForm, status: int = 200, **context: Any
) -> HttpResponse:
    context |= {"form": form}
    return render(request, "corpus/sentences_import.html", context, status=status)
