"""The label page: one style per sentence, saved on selection, or many at once; flags."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from corpus.label_forms import FlagForm, LabelFilter, LabelForm, SelectionForm
from corpus.models import LabelDecision, Sentence, SentenceFlag, StyleLabel
from corpus.querysets import SentenceQuerySet
from corpus.services.counts import disputes_count, without_style_count
from corpus.services.label_batches import (
    batch_undo,
    selection_label,
    suggestions_accept,
    suggestions_count,
)
from corpus.services.labels import (
    FlagConflict,
    LabelConflict,
    LabelTaken,
    flag_resolve,
    flags_open,
    label_set,
    sentence_flag,
)
from corpus.services.labels import label_undo as undo_label
from corpus.views.queues import chosen, hidden, suggested
from voicelab.http import HtmxRequest
from voicelab.request_values import next_page
from voicelab.roles import LABELER, REVIEWER, ROLES, posted_from, role_required, roles_of

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
    context |= _batch_context(request)
    context["rows"] = label_rows(request.user, list(page.object_list), context["styles"])
    return render(request, "corpus/label.html", context)


def _batch_context(request: HttpRequest) -> dict[str, Any]:
    """Return what labelling a selection or a filter at once did, for the person who did it."""
    try:
        batch = UUID(request.GET.get("accepted", ""))
    except ValueError:
        return {}
    done = LabelDecision.objects.filter(batch=batch, person=request.user.pk).count()
    left = {name: request.GET.getlist(name)[:PAGE_SIZE] for name in ("taken", "refused")}
    return {"batch": {"id": batch, "done": done} | left}


def _filter_context(request: HttpRequest, filter_: LabelFilter) -> dict[str, Any]:
    """Return the filter's fields, their choices evaluated once, and its query without the page."""
    query = request.GET.copy()
    for name in ("page", "accepted", "taken", "refused"):
        query.pop(name, None)
    fields = [(field, list(iter(getattr(field.field, "choices", ())))) for field in filter_]
    narrowed = sum(bool(query.get(name)) for name in filter_.fields.keys() - {"sort"})
    return {"query": query.urlencode(), "fields": fields, "narrowed": narrowed}


@posted_from("label")
@role_required(LABELER)
def label_save(request: HtmxRequest, sentence_id: str) -> HttpResponse:
    sentence = get_object_or_404(Sentence, sentence_id=sentence_id)
    form = LabelForm(request.POST)
    if not form.is_valid():
        return _answer(request, sentence, problem=_first_error(form), status=422)
    data = form.cleaned_data
    source = LabelDecision.Source.SUGGESTION if data["accept"] else LabelDecision.Source.PERSON
    wanted = data["accept"] or data["style"]
    try:
        label_set(
            sentence=sentence,
            style=wanted,
            person=request.user,
            source=source,
            seen=data["seen"],
            instead=data["instead"],
        )
    except LabelTaken as taken:
        return _ask(request, sentence, wanted, taken)
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


@require_POST
@role_required(LABELER, REVIEWER)
def label_flag(request: HtmxRequest, sentence_id: str) -> HttpResponse:
    sentence = get_object_or_404(Sentence, sentence_id=sentence_id)
    form = FlagForm(request.POST)
    if not form.is_valid():
        return _answer(request, sentence, problem=_first_error(form), status=422)
    sentence_flag(sentence=sentence, person=request.user, comment=form.cleaned_data["comment"])
    return _answer(request, sentence)


@require_POST
@role_required(LABELER, REVIEWER)
def label_flag_resolve(request: HtmxRequest, pk: int) -> HttpResponse:
    flags = SentenceFlag.objects.select_related("sentence").filter(resolves=None)
    flag = get_object_or_404(flags, pk=pk)
    try:
        flag_resolve(flag=flag, person=request.user)
    except FlagConflict as conflict:
        return _answer(request, flag.sentence, problem=str(conflict), status=409)
    return _answer(request, flag.sentence)


def _ask(
    request: HtmxRequest, sentence: Sentence, wanted: StyleLabel, taken: LabelTaken
) -> HttpResponse:
    """Show whose other choice stands, and ask: keep it, replace it, or make it a dispute."""
    asked = {"taken": taken, "wanted": wanted}
    if request.htmx:
        return _row_answer(request, sentence, status=409, **asked)
    context = {"row": asked | {"sentence": sentence}, "back": back(request)}
    return render(request, "corpus/label_taken.html", context, status=409)


def _answer(
    request: HtmxRequest, sentence: Sentence, *, saved: bool = False, problem: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    if request.htmx:
        return _row_answer(request, sentence, status=status, saved=saved, problem=problem)
    if problem:
        messages.error(request, f"{sentence.sentence_id}: {problem}")
    return redirect(back(request))


def _row_answer(
    request: HtmxRequest, sentence: Sentence, *, status: int, **more: Any
) -> HttpResponse:
    context = _shared_context(request)
    [row] = label_rows(request.user, [sentence.pk], context["styles"])
    context |= {"rows": [row | more], "swapped": True}
    return render(request, "corpus/_label_rows.html", context, status=status)


def _shared_context(request: HttpRequest) -> dict[str, Any]:
    """Return the context shared by the page and a single row: styles, counts, permission."""
    counts = Sentence.objects.label_counts()
    styles, roles = list(StyleLabel.objects.all()), roles_of(request.user)
    total = sum(counts.values())
    return {
        "styles": styles,
        "counts": [(style, counts.get(style.key, 0)) for style in styles],
        "total": total,
        "labelled": total - counts.get(None, 0),
        "without_style": without_style_count(),
        "disputed": disputes_count(request.user) if roles & {LABELER, REVIEWER} else None,
        "may_label": LABELER in roles,
        "may_flag": bool(roles & {LABELER, REVIEWER}),
    }


def _first_error(form: Form) -> str:
    return str(next(iter(form.errors.values()))[0])


def back(request: HttpRequest) -> str:
    return next_page(request, otherwise=reverse("label"))


def label_rows(person: Any, pks: list[int], styles: list[StyleLabel]) -> list[dict[str, Any]]:
    """Build rows in the order of `pks`; fetching by key keeps later pages as cheap as the first."""
    shown: Any = Sentence.objects.shown_to(person)
    found = shown.in_bulk(pks)
    sentences = [found[pk] for pk in pks if pk in found]
    unseen = {sentence.pk for sentence in sentences if hidden(sentence, person)}
    decisions = LabelDecision.objects.select_related("person").in_bulk(
        [s.latest_decision for s in sentences if s.latest_decision and s.pk not in unseen]
    )
    flags = flags_open([sentence.pk for sentence in sentences])
    shared = _Shared(styles)
    rows = []
    for sentence in sentences:
        label = None if sentence.pk in unseen else _label(sentence, styles)
        row = _row(sentence, decisions.get(sentence.latest_decision), person, shared)
        row |= {"hidden": sentence.pk in unseen, "flags": flags.get(sentence.pk, ())}
        rows.append(row | shared.parts(label, row["suggestion"]))
    return rows


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


@dataclass
class _Shared:
    """Rendered fragments shared by many rows."""

    styles: list[StyleLabel]
    chips: dict[str, str] = field(init=False)
    _choices: dict[tuple[str | None, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chips = {
            style.key: render_to_string("components/style_chip.html", {"style": style})
            for style in self.styles
        }

    def parts(self, label: str | None, suggestion: str) -> dict[str, Any]:
        if (label, suggestion) not in self._choices:
            context = {"styles": self.styles, "label": label, "suggestion": suggestion}
            html = render_to_string("corpus/_style_choices.html", context)
            self._choices[label, suggestion] = html
        return {"label": label, "choices": self._choices[label, suggestion]}


@require_http_methods(["GET", "POST"])
@role_required(LABELER)
def label_accept(request: HttpRequest) -> HttpResponse:
    query = QueryDict(request.POST["query"]) if "query" in request.POST else request.GET
    sentences = _waiting(query, request)
    if request.method == "POST":
        batch, _n = suggestions_accept(sentences=sentences, person=request.user)
        kept = query.copy()
        kept["accepted"] = str(batch)
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
        return redirect(back(request))
    done, kept = batch_undo(batch=batch, person=request.user)
    text = ngettext("%(n)s label taken back.", "%(n)s labels taken back.", done) % {"n": done}
    if kept:
        text += " " + gettext("%(n)s were changed since and stay.") % {"n": kept}
    messages.success(request, text)
    return redirect(back(request))


@require_POST
@role_required(LABELER)
def label_selection(request: HttpRequest) -> HttpResponse:
    """Label the selected rows; those that others labelled differently are left and named."""
    form, kept = SelectionForm(request.POST), QueryDict(request.POST.get("query", "")).copy()
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect(f"{reverse('label')}?{kept.urlencode()}")
    picks, style = form.cleaned_data["pick"], form.cleaned_data["style"]
    result = selection_label(picks=picks, style=style, person=request.user)
    kept["accepted"] = str(result.batch)
    kept.setlist("taken", result.taken)
    kept.setlist("refused", result.refused)
    return redirect(f"{reverse('label')}?{kept.urlencode()}")


def _waiting(query: QueryDict, request: HttpRequest) -> SentenceQuerySet:
    """Return the filtered sentences that wait for this person, without those already labelled."""
    return chosen(LabelFilter(query), request.user).waiting_for(request.user)
