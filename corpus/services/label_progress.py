"""Who is how far with labels: per person, category and style; how fast; what is left."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from corpus.models import Category, LabelDecision, Sentence, StyleLabel
from corpus.querysets import SentenceQuerySet

QUICKEST = timedelta(seconds=0.2)  # shorter gaps come from programs, not people
PACE_LABELS = 500  # of each person
BREAK = timedelta(minutes=2)  # longer gaps between two labels are breaks


def categories_progress(disputes: SentenceQuerySet) -> list[dict[str, Any]]:
    """Count sentences by category: total, labelled, and those among the disputes."""
    of_each = Sentence.objects.current().order_by().values("category")
    rows = of_each.annotate(total=Count("*"), done=Count("label"))
    counts = {row["category"]: {"total": row["total"], "done": row["done"]} for row in rows}
    disputed = Counter(disputes.order_by().values_list("category", flat=True))
    nothing = {"total": 0, "done": 0}
    return [
        {"key": one.key, "name": one.name, "disputed": disputed[one.pk]}
        | counts.get(one.pk, nothing)
        for one in Category.objects.all()
    ]


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
    """Return labels per hour by person, from the gaps between the person's newest manual labels."""
    times: dict[int, list[datetime]] = defaultdict(list)
    by_hand = LabelDecision.objects.filter(batch=None).exclude(source=LabelDecision.Source.IMPORT)
    order = Window(RowNumber(), partition_by=F("person"), order_by=F("pk").desc())
    newest = by_hand.annotate(turn=order).filter(turn__lte=PACE_LABELS).order_by("pk")
    for person, when in newest.values_list("person", "created_at"):
        times[person].append(when)
    return {person: pace for person, when in times.items() if (pace := labels_an_hour(when))}


def labels_an_hour(times: list[datetime]) -> float | None:
    """Return labels per hour, breaks excluded; None for fewer than three gaps."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    worked = [gap for gap in gaps if QUICKEST < gap <= BREAK]
    if len(worked) < 3:
        return None
    return len(worked) * 3600 / sum(worked, timedelta()).total_seconds()
