"""Scoring a speaker's accepted takes again, by the neutral voice of now: difference, then act."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from corpus.models import Speaker
from corpus.services import take_scores
from voicelab.roles import REVIEWER, role_required


@require_http_methods(["GET", "POST"])
@role_required(REVIEWER)
def takes_rescore(request: HttpRequest, pk: int) -> HttpResponse:
    speaker = get_object_or_404(Speaker, pk=pk)
    if request.method == "POST":
        takes = [int(take) for take in request.POST.getlist("take") if take.isdecimal()]
        n = take_scores.takes_rescore(speaker=speaker, takes=takes, person=request.user)
        text = ngettext("%(n)s take scored again.", "%(n)s takes scored again.", n)
        messages.success(request, text % {"n": n})
        return redirect("takes_rescore", pk)
    after = request.GET.get("after", "")
    known = int(after) if after.isdecimal() and len(after) < 18 else 0
    rows, following = take_scores.rescore_preview(speaker, after=known)
    context = {
        "speaker": speaker,
        "rows": sorted(rows, key=lambda row: -abs(row.difference)),
        "following": following,
        "at_once": take_scores.AT_ONCE,
    }
    return render(request, "corpus/takes_rescore.html", context)
