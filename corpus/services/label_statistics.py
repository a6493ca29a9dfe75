"""Label statistics: agreement (cached until there are newer decisions) and progress."""

from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from math import isnan
from typing import Any

from celery import current_app
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Q

from corpus import agreement
from corpus.models import AgreementReport, Category, LabelDecision, Sentence, StyleLabel

QUICKEST = timedelta(seconds=0.2)  # shorter gaps come from programs, not people
BREAK = timedelta(minutes=2)  # longer gaps between two labels are breaks

MEASURE = "corpus.tasks.agreement_measure"
ASK_AGAIN_SECONDS = 60


def agreement_measure() -> AgreementReport:
    """Compute the agreement of the independent votes and store it as a new report."""
    last = _last_decision()
    votes = LabelDecision.objects.independent()
    whole = agreement.alpha(votes)
    pairs = agreement.kappas(votes)
    figures = {
        "alpha": _figures(whole) if whole else None,
        "pairs": [{"people": list(pair)} | _figures(found) for pair, found in pairs.items()],
    }
    return AgreementReport.objects.create(last_decision=last, figures=figures)


def agreement_current() -> tuple[AgreementReport | None, bool]:
    """Return the newest report and whether it is current; if not, queue a new measurement."""
    report, last = AgreementReport.objects.first(), _last_decision()
    fresh = report is not None and report.last_decision == last
    if not fresh and cache.add(f"agreement-{last}", True, ASK_AGAIN_SECONDS):
        transaction.on_commit(partial(current_app.send_task, MEASURE), robust=True)
    return report, fresh


def _last_decision() -> int:
    return LabelDecision.objects.values_list("pk", flat=True).first() or 0


def _figures(found: agreement.Agreement) -> dict[str, Any]:
    figures = asdict(found).items()
    return {name: None if isnan(value) else value for name, value in figures}


def categories_progress() -> list[dict[str, Any]]:
    """Count sentences by category: total, labelled, disputed."""
    rows: Any = Category.objects.annotate(
        total=Count("sentence"),
        done=Count("sentence", filter=Q(sentence__label__isnull=False)),
        disputed=Count("sentence", filter=Q(sentence__standing=Sentence.Standing.DISPUTED)),
    )
    return list(rows.values("key", "name", "total", "done", "disputed"))


def people_progress(styles: list[StyleLabel]) -> list[dict[str, Any]]:
    """Return by person the decisions by style and in total, and the pace; the busiest first."""
    given = LabelDecision.objects.exclude(source=LabelDecision.Source.UNDO).order_by()
    counts: dict[int, dict[int, int]] = defaultdict(dict)
    for person, style, n in given.values_list("person", "style").annotate(n=Count("pk")):
        counts[person][style] = n
    paces = _paces()
    people = get_user_model().objects.in_bulk(counts)
    rows = [
        {
            "person": people[pk],
            "total": sum(by_style.values()),
            "counts": [(style, by_style.get(style.pk, 0)) for style in styles],
            "an_hour": paces.get(pk),
        }
        for pk, by_style in counts.items()
    ]
    return sorted(rows, key=lambda row: -row["total"])


def _paces() -> dict[int, float]:
    """Return labels per hour by person, from the gaps between the person's manual labels."""
    times: dict[int, list[datetime]] = defaultdict(list)
    by_hand = LabelDecision.objects.filter(batch=None).exclude(source=LabelDecision.Source.IMPORT)
    for person, when in by_hand.order_by("pk").values_list("person", "created_at"):
        times[person].append(when)
    return {person: pace for person, when in times.items() if (pace := labels_an_hour(when))}


def labels_an_hour(times: list[datetime]) -> float | None:
    """Return labels per hour, breaks excluded; None for fewer than three gaps."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    worked = [gap for gap in gaps if QUICKEST < gap <= BREAK]
    if len(worked) < 3:
        return None
    return len(worked) * 3600 / sum(worked, timedelta()).total_seconds()
