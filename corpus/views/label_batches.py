"""Many labels at once: of the selected rows, or the suggestions of a filter; and their undo."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from corpus.label_forms import LabelFilter, SelectionForm
from corpus.models import StyleLabel
from corpus.querysets import SentenceQuerySet
from corpus.services.label_batches import (
    batch_undo,
    selection_label,
    suggestions_accept,
    suggestions_count,
)
from corpus.views.labels import back
from corpus.views.queues import chosen
from voicelab.roles import LABELER, role_required


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
