"""The label page: one style per sentence, saved as it is chosen."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from corpus.forms import LabelFilter, LabelForm
from corpus.models import LabelDecision, Sentence, StyleLabel
from corpus.services.labels import LabelConflict, label_set
from corpus.services.labels import label_undo as take_back
from corpus.views.label_rows import label_rows
from corpus.views.queues import chosen
from voicelab.http import HtmxRequest
from voicelab.roles import LABELER, ROLES, role_required, roles_of

PAGE_SIZE = 30


@require_GET
@role_required(*ROLES)
def label(request: HttpRequest) -> HttpResponse:
    filter_ = LabelFilter(request.GET)
    found = chosen(filter_, request.user).values_list("pk", flat=True)
    context = _around(request) | _ways(request, filter_) | {"filter": filter_}
    searched = filter_.is_valid() and filter_.cleaned_data["q"]
    paginator = Paginator(list(found) if searched else found, PAGE_SIZE)  # texts are read once
    if not filter_.narrows():
        paginator.count = context["total"]
    context["page"] = page = paginator.get_page(request.GET.get("page"))
    context["rows"] = label_rows(request.user, list(page.object_list), context["styles"])
    return render(request, "corpus/label.html", context)


def _ways(request: HttpRequest, filter_: LabelFilter) -> dict[str, Any]:
    """Give the filter's fields, each read once, and its address without the page."""
    query = request.GET.copy()
    query.pop("page", None)
    fields = [(field, list(iter(getattr(field.field, "choices", ())))) for field in filter_]
    return {"query": query.urlencode(), "fields": fields}


@require_POST
@role_required(LABELER)
def label_save(request: HtmxRequest, sentence_id: str) -> HttpResponse:
    sentence = get_object_or_404(Sentence, sentence_id=sentence_id)
    form = LabelForm(request.POST)
    if not form.is_valid():
        return _answer(request, sentence, problem=_first_error(form), status=422)
    data = form.cleaned_data
    source = LabelDecision.Source.SUGGESTION if data["accept"] else LabelDecision.Source.PERSON
    try:
        label_set(
            sentence=sentence,
            style=data["accept"] or data["style"],
            person=request.user,
            source=source,
            seen=data["seen"],
        )
    except LabelConflict as conflict:
        return _answer(request, sentence, problem=str(conflict), status=409)
    return _answer(request, sentence, saved=True)


@require_POST
@role_required(LABELER)
def label_undo(request: HtmxRequest, sentence_id: str) -> HttpResponse:
    sentence = get_object_or_404(Sentence, sentence_id=sentence_id)
    try:
        take_back(sentence=sentence, person=request.user)
    except LabelConflict as conflict:
        return _answer(request, sentence, problem=str(conflict), status=409)
    return _answer(request, sentence, saved=True)


def _answer(
    request: HtmxRequest, sentence: Sentence, *, saved: bool = False, problem: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    if not request.htmx:
        if problem:
            messages.error(request, f"{sentence.sentence_id}: {problem}")
        return redirect(_back(request))
    context = _around(request)
    [row] = label_rows(request.user, [sentence.pk], context["styles"])
    context |= {"rows": [row | {"saved": saved, "problem": problem}], "swapped": True}
    return render(request, "corpus/_label_rows.html", context, status=status)


def _around(request: HttpRequest) -> dict[str, Any]:
    """Give what the page and a single row both show: styles, counts, and who may label."""
    counts = Sentence.objects.label_counts()
    styles = list(StyleLabel.objects.all())
    total = sum(counts.values())
    return {
        "styles": styles,
        "counts": [(style, counts.get(style.key, 0)) for style in styles],
        "total": total,
        "labelled": total - counts.get(None, 0),
        "missing": counts.get(None, 0),
        "may_label": LABELER in roles_of(request.user),
    }


def _first_error(form: LabelForm) -> str:
    return str(next(iter(form.errors.values()))[0])


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if safe else reverse("label")
