"""The label page: one style per sentence, saved as it is chosen."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from corpus.forms import LabelFilter, LabelForm
from corpus.models import LabelDecision, Sentence, StyleLabel
from corpus.services import LabelConflict, label_set
from corpus.services import label_undo as take_back
from corpus.views.queues import chosen, hidden, suggested
from voicelab.http import HtmxRequest
from voicelab.roles import LABELER, ROLES, role_required, roles_of

PAGE_SIZE = 30


@require_GET
@role_required(*ROLES)
def label(request: HttpRequest) -> HttpResponse:
    filter_ = LabelFilter(request.GET)
    page = Paginator(chosen(filter_, request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = _around(request) | {"filter": filter_, "page": page}
    context |= _ways(request, filter_)
    context["rows"] = _rows(page.object_list, request.user, context["styles"])
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
    one: Any = Sentence.objects.filter(pk=sentence.pk).select_related("category")
    context = _around(request)
    one = one.with_label().with_decision().with_vote(request.user)
    [row] = _rows(one, request.user, context["styles"])
    context |= {"row": row | {"saved": saved, "problem": problem}, "swapped": True}
    return render(request, "corpus/_label_row.html", context, status=status)


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


def _rows(sentences: Any, person: Any, styles: list[StyleLabel]) -> list[dict[str, Any]]:
    sentences, by_key = list(sentences), {style.key: style for style in styles}
    by_pk = {style.pk: style for style in styles}
    unseen = {s.pk for s in sentences if hidden(s, person)}
    decisions = LabelDecision.objects.select_related("person").in_bulk(
        [s.decision_pk for s in sentences if s.decision_pk and s.pk not in unseen]
    )
    chips = {style.key: _part("components/style_chip.html", style=style) for style in styles}
    shapes = {style.key: _part("components/shape.html", shape=style.shape) for style in styles}
    options = {
        key: _part("corpus/_style_options.html", styles=styles, label=key)
        for key in (None, *by_key)
    }
    rows = []
    for sentence in sentences:
        if sentence.pk in unseen:
            sentence.label_key = None
        elif _differs(sentence):
            sentence.label_key = by_pk[sentence.vote].key
        row = _row(sentence, decisions.get(sentence.decision_pk), person)
        row |= {"hidden": sentence.pk in unseen, "style": by_key.get(sentence.label_key)}
        row["chip"] = chips.get(row["suggestion"], row["suggestion"])
        row["shape"] = shapes.get(sentence.label_key, "")
        row["options"] = options[sentence.label_key]
        rows.append(row)
    return rows


def _part(template: str, **context: Any) -> str:
    """Render what many rows share once; rows are three quarters of the page's time."""
    return render_to_string(template, context)


def _row(sentence: Any, decision: LabelDecision | None, person: Any) -> dict[str, Any]:
    suggestion, reason = suggested(sentence)
    mine = decision is not None and decision.person_id == person.pk and decision.style_id
    return {
        "sentence": sentence,
        "decision": decision,
        "suggestion": suggestion,
        "reason": reason,
        "settled": sentence.standing == Sentence.Standing.SETTLED,
        "disputed": sentence.standing == Sentence.Standing.DISPUTED,
        "can_undo": mine or _differs(sentence),
    }


def _differs(sentence: Any) -> bool:
    """Say whether the person's own vote is all that can be shown: the others chose differently."""
    return bool(sentence.standing == Sentence.Standing.DISPUTED and sentence.vote)


def _first_error(form: LabelForm) -> str:
    return str(next(iter(form.errors.values()))[0])


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if safe else reverse("label")
