"""The label page: one style per sentence, saved on selection; bulk acceptance of suggestions."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from corpus.forms import LabelFilter, LabelForm
from corpus.models import LabelDecision, Sentence, StyleLabel
from corpus.querysets import SentenceQuerySet
from corpus.services.labels import (
    LabelConflict,
    label_set,
    suggestions_accept,
    suggestions_count,
    suggestions_undo,
)
from corpus.services.labels import label_undo as undo_label
from corpus.views.queues import chosen, hidden, suggested
from voicelab.http import HtmxRequest
from voicelab.roles import LABELER, ROLES, role_required, roles_of

PAGE_SIZE = 30


@require_GET
@role_required(*ROLES)
def label(request: HttpRequest) -> HttpResponse:
    filter_ = LabelFilter(request.GET)
    found = chosen(filter_, request.user).values_list("pk", flat=True)
    context = _shared_context(request) | _filter_context(request, filter_) | {"filter": filter_}
    searched = filter_.is_valid() and filter_.cleaned_data["q"]
    paginator = Paginator(
        list(found) if searched else found, PAGE_SIZE
    )  # a text search runs once, not again to count
    if not filter_.narrows():
        paginator.count = context["total"]
    context["page"] = page = paginator.get_page(request.GET.get("page"))
    context["rows"] = label_rows(request.user, list(page.object_list), context["styles"])
    return render(request, "corpus/label.html", context)


def _filter_context(request: HttpRequest, filter_: LabelFilter) -> dict[str, Any]:
    """Return the filter's fields, their choices evaluated once, and its query without the page."""
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
        undo_label(sentence=sentence, person=request.user)
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
    context = _shared_context(request)
    [row] = label_rows(request.user, [sentence.pk], context["styles"])
    context |= {"rows": [row | {"saved": saved, "problem": problem}], "swapped": True}
    return render(request, "corpus/_label_rows.html", context, status=status)


def _shared_context(request: HttpRequest) -> dict[str, Any]:
    """Return the context shared by the page and a single row: styles, counts, permission."""
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


@require_http_methods(["GET", "POST"])
@role_required(LABELER)
def label_accept(request: HttpRequest) -> HttpResponse:
    query = QueryDict(request.POST["query"]) if "query" in request.POST else request.GET
    sentences = _waiting(query, request)
    if request.method == "POST":
        batch, n = suggestions_accept(sentences=sentences, person=request.user)
        kept = query.copy()
        kept["accepted"] = str(batch)
        text = ngettext("%(n)s suggestion accepted.", "%(n)s suggestions accepted.", n)
        messages.success(request, text % {"n": n})
        return redirect(f"{reverse('label')}?{kept.urlencode()}")
    counts = suggestions_count(sentences=sentences)
    context = {
        "query": query.urlencode(),
        "n": sum(counts.values()),
        "counts": [(s, counts[s.key]) for s in StyleLabel.objects.all() if s.key in counts],
    }
    return render(request, "corpus/label_accept.html", context)


@require_POST
@role_required(LABELER)
def label_accept_undo(request: HttpRequest) -> HttpResponse:
    try:
        batch = UUID(request.POST.get("batch", ""))
    except ValueError:
        return redirect("label")
    done, kept = suggestions_undo(batch=batch, person=request.user)
    text = ngettext("%(n)s label taken back.", "%(n)s labels taken back.", done) % {"n": done}
    if kept:
        text += " " + gettext("%(n)s were changed since and stay.") % {"n": kept}
    messages.success(request, text)
    return redirect("label")


def _waiting(query: QueryDict, request: HttpRequest) -> SentenceQuerySet:
    """Return the filtered sentences that wait for this person, without those already labelled."""
    return chosen(LabelFilter(query), request.user).waiting_for(request.user)


def label_rows(person: Any, pks: list[int], styles: list[StyleLabel]) -> list[dict[str, Any]]:
    """Build rows in the order of `pks`; fetching by key keeps later pages as cheap as the first."""
    shown: Any = Sentence.objects.shown_to(person)
    found = shown.in_bulk(pks)
    sentences = [found[pk] for pk in pks if pk in found]
    unseen = {sentence.pk for sentence in sentences if hidden(sentence, person)}
    decisions = LabelDecision.objects.select_related("person").in_bulk(
        [s.decision_pk for s in sentences if s.decision_pk and s.pk not in unseen]
    )
    shared = _Shared.of(styles)
    return [
        _row(sentence, decisions.get(sentence.decision_pk), person, shared)
        | {"hidden": sentence.pk in unseen}
        | shared.parts(None if sentence.pk in unseen else _label(sentence, styles))
        for sentence in sentences
    ]


def _label(sentence: Any, styles: list[StyleLabel]) -> str | None:
    """Return the label's key; in a dispute, that of the person's own vote."""
    if not _differs(sentence):
        return str(sentence.label_key) if sentence.label_key else None
    return next(style.key for style in styles if style.pk == sentence.vote)


def _row(
    sentence: Any, decision: LabelDecision | None, person: Any, shared: "_Shared"
) -> dict[str, Any]:
    suggestion, reason = suggested(sentence)
    mine = decision is not None and decision.person_id == person.pk and decision.style_id
    return {
        "sentence": sentence,
        "decision": decision,
        "who": decision and (decision.person.get_full_name() or decision.person.username),
        "suggestion": suggestion,
        "chip": shared.chips.get(suggestion, suggestion),
        "reason": reason,
        "settled": sentence.standing == Sentence.Standing.SETTLED,
        "disputed": sentence.standing == Sentence.Standing.DISPUTED,
        "can_undo": mine or _differs(sentence),
    }


def _differs(sentence: Any) -> bool:
    return bool(sentence.standing == Sentence.Standing.DISPUTED and sentence.vote)


@dataclass(frozen=True)
class _Shared:
    """Rendered fragments shared by many rows, by style key."""

    styles: dict[str | None, StyleLabel]
    chips: dict[str, str]
    shapes: dict[str | None, str]
    options: dict[str | None, str]

    @classmethod
    def of(cls, styles: list[StyleLabel]) -> "_Shared":
        keys = (None, *(style.key for style in styles))
        return cls(
            {style.key: style for style in styles},
            {s.key: render_to_string("components/style_chip.html", {"style": s}) for s in styles},
            {s.key: render_to_string("components/shape.html", {"shape": s.shape}) for s in styles},
            {
                key: render_to_string(
                    "corpus/_style_options.html", {"styles": styles, "label": key}
                )
                for key in keys
            },
        )

    def parts(self, label: str | None) -> dict[str, Any]:
        return {
            "label": label,
            "style": self.styles.get(label),
            "shape": self.shapes.get(label, ""),
            "options": self.options[label],
        }
