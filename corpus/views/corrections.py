"""The page that corrects a sentence: another one with the right text takes its place."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from corpus.exchange.fields import MAX_TEXT
from corpus.models import Sentence
from corpus.services.sentences import SentenceConflict, sentence_restore, sentence_supersede
from voicelab.roles import LABELER, REVIEWER, role_required


class CorrectionForm(forms.Form):
    text = forms.CharField(
        max_length=MAX_TEXT,
        label=gettext_lazy("New text"),
        widget=forms.Textarea(attrs={"rows": 3, "lang": "es"}),
        error_messages={"required": gettext_lazy("Write the new text.")},
    )


@require_http_methods(["GET", "POST"])
@role_required(LABELER, REVIEWER)
def sentence_correct(request: HttpRequest, sentence_id: str) -> HttpResponse:
    rows = Sentence.objects.select_related("superseded_by", "supersedes", "archived_by")
    sentence = get_object_or_404(rows, sentence_id=sentence_id)
    if request.method == "GET":
        return _page(request, sentence, CorrectionForm(initial={"text": sentence.text}))
    if "restore" in request.POST:
        return _restored(request, sentence)
    form = CorrectionForm(request.POST)
    if form.is_valid():
        try:
            new = sentence_supersede(
                sentence=sentence, text=form.cleaned_data["text"], person=request.user
            )
        except SentenceConflict as conflict:
            form.add_error("text", str(conflict))
        else:
            text = _("%(new)s has replaced %(old)s and waits for a style.")
            messages.success(request, text % {"new": new.sentence_id, "old": sentence_id})
            return redirect("sentence_correct", sentence_id)
    return _page(request, sentence, form, status=422)


def _restored(request: HttpRequest, sentence: Sentence) -> HttpResponse:
    try:
        sentence_restore(sentence=sentence)
    except SentenceConflict as conflict:
        messages.error(request, str(conflict))
    else:
        text = _("%(old)s is back as it was.") % {"old": sentence.sentence_id}
        messages.success(request, text)
    return redirect("sentence_correct", sentence.sentence_id)


def _page(
    request: HttpRequest, sentence: Any, form: CorrectionForm, status: int = 200
) -> HttpResponse:
    context = {"sentence": sentence, "form": form, "takes": sentence.recordings.count()}
    return render(request, "corpus/sentence_correct.html", context, status=status)
