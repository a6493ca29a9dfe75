"""Suggestions for a whole filter: how many first, then accepted, then taken back in one step."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from corpus.forms import LabelFilter
from corpus.models import StyleLabel
from corpus.querysets import SentenceQuerySet
from corpus.services.batches import suggestions_accept, suggestions_count, suggestions_undo
from corpus.views.queues import chosen
from voicelab.roles import LABELER, role_required


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
    """Return what of the filter waits for this person; what has a label is never touched."""
    return chosen(LabelFilter(query), request.user).waiting_for(request.user)
