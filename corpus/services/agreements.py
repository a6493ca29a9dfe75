"""Agreement of the labelers, measured by a worker and kept until there are newer decisions."""

from dataclasses import asdict
from functools import partial
from math import isnan
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import transaction

from corpus import agreement
from corpus.models import AgreementReport, LabelDecision

MEASURE = "corpus.tasks.agreement_measure"
ASK_AGAIN_SECONDS = 60


def agreement_measure() -> AgreementReport:
    """Measure what the independent votes say and append it."""
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
    """Return the newest report and whether it is of now; an old one is asked for anew."""
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
