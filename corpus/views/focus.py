"""The focus view: one sentence at a time, keyboard-driven, saved in the background."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from corpus.label_forms import LabelFilter
from corpus.models import LabelDecision, Sentence, StyleLabel
from corpus.services.labels import (
    MAKE_DISPUTE,
    REPLACE,
    LabelConflict,
    LabelTaken,
    label_set,
    label_undo_last,
)
from corpus.views.queues import chosen, hidden, suggested
from voicelab.request_values import row_number
from voicelab.roles import LABELER, role_required

AHEAD = 20  # sentences sent at once; the page requests more before they run out


@require_GET
@role_required(LABELER)
def focus(request: HttpRequest) -> HttpResponse:
    query = _query(request)
    sentences = chosen(LabelFilter(query), request.user)
    items = _items(sentences, request.user)
    context = {
        "items": items,
        "first": items[0] if items else None,
        "left": sentences.count(),
        "most": AHEAD,
        "query": query.urlencode(),
        "styles": list(StyleLabel.objects.all()),
        "recent": _recent(request.user),
    }
    return render(request, "corpus/focus.html", context)


@require_GET
@role_required(LABELER)
def focus_next(request: HttpRequest) -> HttpResponse:
    """Send the sentences following the page's last one."""
    sentences = chosen(LabelFilter(_query(request)), request.user)
    return JsonResponse({"items": _items(_after(sentences, request.GET), request.user)})


@require_POST
@role_required(LABELER)
def focus_save(request: HttpRequest, sentence_id: str) -> HttpResponse:
    style, source, seen = _choice(request.POST)
    instead = request.POST.get("instead", "")
    if style is None or instead not in ("", REPLACE, MAKE_DISPUTE):
        return _problem(request, sentence_id, gettext("Choose a style."), 422)
    given: dict[str, Any] = {
        "sentence": sentence_id,
        "style": style,
        "person": request.user,
        "source": source,
    }
    try:
        decision = label_set(**given, seen=seen, instead=instead)
    except Sentence.DoesNotExist as missing:
        raise Http404 from missing
    except LabelTaken as taken:
        return _problem(request, sentence_id, str(taken), 409, newest=taken.newest)
    except LabelConflict as conflict:
        return _problem(request, sentence_id, str(conflict), 409)
    return JsonResponse({"saved": decision.pk}) if _by_script(request) else _back(request)


def _choice(data: QueryDict) -> tuple[StyleLabel | None, str, int | None]:
    """Parse style, source and the shown decision; a Django form would cost a tenth of a save."""
    accepted, seen = data.get("accept"), data.get("seen", "")
    source = LabelDecision.Source.SUGGESTION if accepted else LabelDecision.Source.PERSON
    styles = {style.key: style for style in StyleLabel.objects.only("key")}
    style = styles.get(accepted or data.get("style", ""))
    return style, source, row_number(seen)


@require_POST
@role_required(LABELER)
def focus_undo(request: HttpRequest) -> HttpResponse:
    try:
        undone = label_undo_last(person=request.user)
    except LabelConflict as conflict:
        if not _by_script(request):
            return _back(request, problem=str(conflict))
        return JsonResponse({"problem": str(conflict)}, status=409)
    if not _by_script(request):
        return _back(request)
    return JsonResponse({"item": _item_of(undone.sentence, request.user)})


def _query(request: HttpRequest) -> QueryDict:
    """Return the filter of the URL; the default state is what waits for the person."""
    query = request.GET.copy()
    if "state" not in query:
        query["state"] = "todo"
    query["sort"] = ""
    return query


def _after(sentences: Any, query: QueryDict) -> Any:
    position, _, pk = query.get("after", "").partition(".")
    if not (position.isdecimal() and pk.isdecimal() and len(position) < 10 and len(pk) < 18):
        return sentences
    same = Q(position=int(position), pk__gt=int(pk))
    return sentences.filter(Q(position__gt=int(position)) | same)


def _items(sentences: Any, person: Any) -> list[dict[str, Any]]:
    return [_item(sentence, person) for sentence in sentences[:AHEAD]]


def _item_of(sentence: Sentence, person: Any) -> dict[str, Any]:
    sentences: Any = Sentence.objects.shown_to(person)
    return _item(sentences.get(pk=sentence.pk), person)


def _item(sentence: Any, person: Any) -> dict[str, Any]:
    style, reason = suggested(sentence)
    unseen = hidden(sentence, person)
    return {
        "id": sentence.sentence_id,
        "text": sentence.text,
        "category": sentence.category.name,
        "suggestion": style,
        "reason": reason,
        "label": None if unseen else sentence.label_key,
        "seen": None if unseen else sentence.latest_decision or None,
        "at": f"{sentence.position}.{sentence.pk}",
        "save": reverse("focus_save", args=[sentence.sentence_id]),
    }


def _recent(person: Any) -> list[dict[str, Any]]:
    """Return the person's last ten decisions, newest first."""
    rows = person.decisions.order_by("-pk").values(
        "sentence__sentence_id", "sentence__text", "style__key", "source"
    )
    return [
        {"id": row["sentence__sentence_id"], "text": row["sentence__text"],
         "style": None if row["source"] == LabelDecision.Source.UNDO else row["style__key"]}
        for row in rows[:10]
    ]  # fmt: skip


def _problem(
    request: HttpRequest, sentence_id: str, problem: str, status: int, **more: Any
) -> HttpResponse:
    if not _by_script(request):
        return _back(request, problem=f"{sentence_id}: {problem}")
    item = _item_of(get_object_or_404(Sentence, sentence_id=sentence_id), request.user)
    return JsonResponse({"problem": problem, "item": item} | more, status=status)


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _back(request: HttpRequest, *, problem: str = "") -> HttpResponse:
    if problem:
        messages.error(request, problem)
    return redirect(f"{reverse('focus')}?{_filter_query(request)}")


def _filter_query(request: HttpRequest) -> str:
    """Return the filter from the form's hidden field, for pages without JavaScript."""
    return QueryDict(request.POST.get("query", "")).urlencode()
