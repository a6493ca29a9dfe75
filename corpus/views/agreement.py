"""Agreement pages: disputes, progress, and calibration of the quality score against people."""

from collections import Counter
from itertools import groupby
from math import ceil
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from corpus.calibration import ENOUGH, bins, figure, line, proposed
from corpus.forms import ThresholdForm
from corpus.label_forms import AdjudicationForm
from corpus.models import Adjudication, LabelDecision, QualityThreshold, Sentence, StyleLabel
from corpus.services import label_progress
from corpus.services.agreements import agreement_current
from corpus.services.counts import disputes as disputes_of
from corpus.services.counts import disputes_count, without_style_count
from corpus.services.labels import LabelConflict, label_adjudicate
from corpus.services.thresholds import NEWEST, takes_judged, threshold_now, threshold_set
from voicelab.roles import LABELER, REVIEWER, role_required

PAGE_SIZE, SETTLED = 20, 10


@require_GET
@role_required(REVIEWER)
def disputes(request: HttpRequest) -> HttpResponse:
    disputed = disputes_of(request.user).select_related("category")
    page = Paginator(disputed, PAGE_SIZE).get_page(request.GET.get("page"))
    votes = _votes([sentence.pk for sentence in page.object_list])
    settled = Adjudication.objects.select_related("sentence", "style", "person")[:SETTLED]
    shown = [*votes, *(act.sentence_id for act in settled)]
    own = LabelDecision.objects.filter(person=request.user.pk, sentence__in=shown)
    mine = set(own.values_list("sentence", flat=True))
    context = {
        "page": page,
        "rows": [_dispute(row, votes[row.pk], row.pk in mine) for row in page],
        "styles": list(StyleLabel.objects.all()),
        "settled": settled,
        "labelled_by_me": mine,
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
    people, total = label_progress.people_progress(styles), sum(counts.values())
    hourly = sum(row["an_hour"] or 0 for row in people)
    without, disputed = without_style_count(), disputes_count(request.user)
    left = without.n
    hours = left / hourly if hourly and left else None
    context = {
        "styles": [(style, counts.get(style.key, 0)) for style in styles],
        "total": total,
        "without_style": without,
        "disputed": disputed,
        "categories": label_progress.categories_progress(disputes_of(request.user)),
        "people": people,
        "most": max((row["total"] for row in people), default=0),
        "hours": hours if hours and hours >= 1 else None,
        "minutes": ceil(60 * hours) if hours and hours < 1 else None,
    }
    return render(request, "corpus/label_people.html", context)


def _dispute(sentence: Sentence, votes: list[LabelDecision], own: bool) -> dict[str, Any]:
    """Return what is shown before the decision: how many chose each style, but not who."""
    counts = Counter(vote.style for vote in votes if vote.style)
    return {
        "sentence": sentence,
        "counts": sorted(counts.items(), key=lambda row: row[0].position),
        "own": own,
    }


def _votes(sentences: list[int]) -> dict[int, list[LabelDecision]]:
    """Return each person's last decision on these sentences, unless it removed the label."""
    rows = LabelDecision.objects.filter(sentence__in=sentences).select_related("style", "person")
    found: dict[int, list[LabelDecision]] = {pk: [] for pk in sentences}
    by_person = groupby(
        rows.order_by("sentence", "person", "-pk"), lambda d: (d.sentence_id, d.person_id)
    )
    for (sentence, _person), decisions in by_person:
        last = next(decisions)
        if last.style_id:
            found[sentence].append(last)
    return found


@require_http_methods(["GET", "POST"])
@role_required(REVIEWER)
def calibration(request: HttpRequest) -> HttpResponse:
    form = ThresholdForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        row = threshold_set(value=form.cleaned_data["value"], person=request.user)
        text = _("From now on takes from %s on are suggested for acceptance.")
        messages.success(request, text % number_format(row.value, 2))
        return redirect("calibration")
    judged, now = takes_judged(), threshold_now()
    drawing = figure(judged, now, title=_("Share accepted by score, precision and recall"))
    wanted = proposed(judged)
    context = {
        "form": form if form.errors else ThresholdForm(initial={"value": wanted or now}),
        "judged": len(judged),
        "newest": NEWEST if len(judged) > NEWEST / 2 else 0,
        "accepted": sum(take.accepted for take in judged),
        "few": len(judged) < ENOUGH,
        "enough": ENOUGH,
        "bins": bins(judged),
        "drawing": mark_safe(drawing),  # noqa: S308 - figure() escapes the title
        "in_force": None if now is None else line(judged, now),
        "proposed": None if wanted is None else line(judged, wanted),
        "history": QualityThreshold.objects.select_related("person")[:10],
    }
    return render(request, "corpus/calibration.html", context, status=422 if form.errors else 200)
