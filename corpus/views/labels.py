"""The label page: one style per sentence, saved on selection; flags."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from corpus.label_forms import FlagForm, LabelFilter, LabelForm
from corpus.models import LabelDecision, Sentence, SentenceFlag, StyleLabel
from corpus.services.counts import disputes_count, without_style_count
from corpus.services.flags import FlagConflict, flag_resolve, sentence_flag
from corpus.services.labels import LabelConflict, LabelTaken, label_set
from corpus.services.labels import label_undo as undo_label
from corpus.views.label_rows import label_rows
from corpus.views.queues import chosen
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
