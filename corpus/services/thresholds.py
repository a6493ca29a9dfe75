"""The score from which a take is likely to be accepted: set by people, kept with who and when."""

from typing import Any

from corpus.calibration import Judged
from corpus.models import QualityThreshold, Recording


def threshold_now() -> float | None:
    """Return the threshold in force, or None before the first."""
    return QualityThreshold.objects.values_list("value", flat=True).first()


def threshold_set(*, value: float, person: Any) -> QualityThreshold:
    """Put a new threshold in force. It suggests; no take is judged by it."""
    return QualityThreshold.objects.create(value=value, person=person)


def takes_judged() -> list[Judged]:
    """Return score and last verdict of every take that people judged."""
    states = (Recording.State.ACCEPTED, Recording.State.REJECTED)
    takes: Any = Recording.objects.filter(state__in=states, verdicts__isnull=False).distinct()
    rows = takes.with_quality().filter(quality__isnull=False).order_by()
    return [
        Judged(quality, state == Recording.State.ACCEPTED)
        for _pk, quality, state in rows.values_list("pk", "quality", "state")
    ]
