"""Several labelers: what they dispute, how far they agree, who is how far."""

from itertools import groupby
from math import ceil
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from corpus.forms import AdjudicationForm
from corpus.models import Adjudication, LabelDecision, Sentence, StyleLabel
from corpus.services import paces
from corpus.services.agreements import agreement_current
from corpus.services.labels import LabelConflict, label_adjudicate
from voicelab.roles import LABELER, REVIEWER, role_required

PAGE_SIZE = 20


@require_GET
@role_required(REVIEWER)
def disputes(request: HttpRequest) -> HttpResponse:
    disputed: Any = Sentence.objects.disputed().select_related("category")
    page = Paginator(disputed, PAGE_SIZE).get_page(request.GET.get("page"))
    votes = _votes([sentence.pk for sentence in page.object_list])
    context = {
        "page": page,
        "rows": [(sentence, votes[sentence.pk]) for sentence in page.object_list],
        "styles": list(StyleLabel.objects.all()),
        "settled": Adjudication.objects.select_related("sentence", "style", "person")[:10],
    }
    return render(request, "corpus/label_disputes.html", context)


@require_POST
@role_required(REVIEWER)
def adjudicate(request: HttpRequest, sentence_id: str) -> HttpResponse:
    sentence = get_object_or_404(Sentence, sentence_id=sentence_id)
    form = AdjudicationForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"{sentence_id}: {next(iter(form.errors.values()))[0]}")
        return redirect("label_disputes")
    try:
        label_adjudicate(
            sentence=sentence,
            style=form.cleaned_data["style"],
            person=request.user,
            reason=form.cleaned_data["reason"],
        )
    except LabelConflict as conflict:
        messages.error(request, f"{sentence_id}: {conflict}")
    else:
        messages.success(request, gettext("%(id)s is settled.") % {"id": sentence_id})
    return redirect(f"{reverse('label_disputes')}#main")


@require_GET
@role_required(LABELER, REVIEWER)
def agreement(request: HttpRequest) -> HttpResponse:
    report, fresh = agreement_current()
    figures = report.figures if report else {"alpha": None, "pairs": []}
    people = get_user_model().objects.in_bulk({pk for p in figures["pairs"] for pk in p["people"]})
    context = {
        "report": report,
        "fresh": fresh,
        "alpha": figures["alpha"],
        "pairs": [
            pair | {"names": [people[pk].get_full_name() or people[pk].get_username()
                              for pk in pair["people"] if pk in people]}
            for pair in figures["pairs"]
        ],
    }  # fmt: skip
    name = "_agreement_figures" if request.headers.get("HX-Request") else "agreement"
    return render(request, f"corpus/{name}.html", context)


@require_GET
@role_required(LABELER, REVIEWER)
def progress(request: HttpRequest) -> HttpResponse:
    styles = list(StyleLabel.objects.all())
    counts = Sentence.objects.label_counts()
    people, total = paces.people_progress(styles), sum(counts.values())
    hourly = sum(row["an_hour"] or 0 for row in people)
    left = counts.get(None, 0)
    hours = left / hourly if hourly and left else None
    context = {
        "styles": [(style, counts.get(style.key, 0)) for style in styles],
        "total": total,
        "left": left,
        "labelled": total - left,
        "categories": paces.categories_progress(),
        "people": people,
        "most": max((row["total"] for row in people), default=0),
        "hours": hours if hours and hours >= 1 else None,
        "minutes": ceil(60 * hours) if hours and hours < 1 else None,
    }
    return render(request, "corpus/label_people.html", context)


def _votes(sentences: list[int]) -> dict[int, list[LabelDecision]]:
    """Return each person's last decision on these sentences, where it gives a style."""
    rows = LabelDecision.objects.filter(sentence__in=sentences).select_related("style", "person")
    found: dict[int, list[LabelDecision]] = {pk: [] for pk in sentences}
    by_person = groupby(
        rows.order_by("sentence", "person", "-pk"), lambda d: (d.sentence_id, d.person_id)
    )
    for (sentence, _), decisions in by_person:
        last = next(decisions)
        if last.style_id:
            found[sentence].append(last)
    return found
