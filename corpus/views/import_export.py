"""Import and export pages: the exchange format, archives of takes, lists of sentences."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from corpus.exchange.fields import KINDS
from corpus.exchange.located import REASONS
from corpus.exchange.parsing import ExchangeErrors
from corpus.exchanging import ImportSummary, ListPlan, sentences_add, sentences_plan
from corpus.exchanging import corpus_export as export
from corpus.exchanging import corpus_import as import_
from corpus.exporting import archive, rates_of, takes_exported
from corpus.forms import ExchangeForm, ExportForm, SentenceListForm
from corpus.lists import Fault, ListError, Row, SentenceList, read
from corpus.phonetics.balance import coverage_svg
from corpus.tables import ENCODINGS
from corpus.uploads import TOO_LARGE
from voicelab.operations.audit import Act, act_record
from voicelab.roles import LABELER, REVIEWER, role_required, roles_of

ENGLISH_WORDS = frozenset({*KINDS.values(), *REASONS})  # parameters to translate

SHOWN = 200
DOUBTS_SHOWN = 50
NOTES_SHOWN = 5


@require_GET
@role_required(LABELER)
def corpus_export(request: HttpRequest) -> StreamingHttpResponse:
    only_labels = REVIEWER not in roles_of(request.user)
    act_record(Act.EXPORTED, about="corpus.json")
    return StreamingHttpResponse(
        export(blind_to=request.user if only_labels else None),
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="corpus.json"'},
    )


@require_http_methods(["GET", "POST"])
@role_required(LABELER)
def corpus_import(request: HttpRequest) -> HttpResponse:
    form = ExchangeForm(request.POST or None, request.FILES or None)
    faults: list[tuple[int, str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            done = import_(data=form.cleaned_data["file"].read(), person=request.user)
        except ExchangeErrors as errors:
            faults = [(e.line, e.field, fault_words(e)) for e in errors.errors]
        else:
            _report_import(request, done)
            return redirect("label")
    status = 422 if faults or form.errors else 200
    context = {"form": form, "faults": faults}
    return render(request, "corpus/import.html", context, status=status)


def fault_words(fault: Any) -> str:
    """Return a file error as text, with its `message` and English `params` translated."""
    params = {key: _(x) if x in ENGLISH_WORDS else x for key, x in fault.params.items()}
    return _(fault.message) % params


def _report_import(request: HttpRequest, done: ImportSummary) -> None:
    text = _("%(sentences)s new sentences, %(labels)s new labels; the rest was there already.")
    messages.success(request, text % {"sentences": done.sentences_new, "labels": done.labels_new})
    if not done.notes:
        return
    left = len(done.notes) - NOTES_SHOWN
    more = [_("… and %s more.") % left] if left > 0 else []
    messages.warning(request, "\n".join([*done.notes[:NOTES_SHOWN], *more]))


@require_GET
@role_required(REVIEWER)
def takes_export(request: HttpRequest) -> HttpResponseBase:
    """Show the export form, or send the ZIP if a layout was requested."""
    form = ExportForm(request.GET if "layout" in request.GET else None)
    if not form.is_valid():
        context = {"form": form, "usable": takes_exported().count()}
        return _page(request, context, 422 if form.errors else 200)
    data = form.cleaned_data
    takes = takes_exported(
        style=data["style"], speaker=data["speaker"] and data["speaker"].pk, every=data["every"]
    )
    rates = rates_of(takes)
    if not rates:
        context = {"form": form, "usable": takes_exported().count(), "none": True}
        return _page(request, context, 422)
    name = f"voicelab-{data['layout']}-{timezone.now():%Y%m%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    act_record(Act.EXPORTED, about=name, takes=sum(rates.values()), style=data["style"])
    return StreamingHttpResponse(
        archive(takes, data["layout"], rate=int(data["rate"] or next(iter(rates)))),
        content_type="application/zip",
        headers=headers,
    )


def _page(request: HttpRequest, context: dict[str, object], status: int) -> HttpResponse:
    return render(request, "corpus/takes_export.html", context, status=status)


@require_http_methods(["GET", "POST"])
@role_required(LABELER)
def sentences_import(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _sentences_page(request, SentenceListForm())
    form = SentenceListForm(request.POST, request.FILES, too_large=TOO_LARGE in request.META)
    if not form.is_valid():
        return _sentences_page(request, form, status=422)
    data = form.cleaned_data
    try:
        found = read(data["content"], name=data["name"])
        if "store" in request.POST:
            return _store(request, found, data)
        plan = sentences_plan(found=found, prefix=data["scheme"], alike=data["alike"])
    except ListError as error:
        return _sentences_page(request, form, status=422, faults=_fault_rows(error.faults))
    return _sentences_page(request, form, **_preview(found, plan))


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
    rows = [(row, names.get(row.text, "") if _is_new(row, names) else "") for row in plan.rows]
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
        "content": json.dumps([text for _line, text in found.rows], ensure_ascii=False),
        "guessed": "" if found.encoding.startswith("utf") else ENCODINGS[found.encoding],
        "damaged": len(found.doubts),
        "doubts": found.doubts[:DOUBTS_SHOWN],
        "doubts_more": max(0, len(found.doubts) - DOUBTS_SHOWN),
    }


def _is_new(row: Row, names: dict[str, str]) -> bool:
    return row.twin not in ("file", "corpus") and row.text in names


def _fault_rows(faults: tuple[Fault, ...]) -> list[tuple[int, str]]:
    return [(fault.line, fault_words(fault)) for fault in faults]


def _sentences_page(
    request: HttpRequest, form: SentenceListForm, status: int = 200, **context: Any
) -> HttpResponse:
    context |= {"form": form}
    return render(request, "corpus/sentences_import.html", context, status=status)
