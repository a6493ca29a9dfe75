"""The score threshold above which acceptance is suggested, set by people; append-only."""

from typing import Any

from corpus.calibration import Judged
from corpus.models import QualityThreshold, Recording, TakeVerdict

NEWEST = 10_000  # verdicts; a share of so many is exact to a percentage point


def threshold_now() -> float | None:
    """Return the current threshold, or None if none was set."""
    return QualityThreshold.objects.values_list("value", flat=True).first()


def threshold_set(*, value: float, person: Any) -> QualityThreshold:
    """Set a new threshold. It only drives suggestions; no take is accepted by it."""
    return QualityThreshold.objects.create(value=value, person=person)


def takes_judged() -> list[Judged]:
    """Return quality score and state of the takes of the newest verdicts."""
    states = (Recording.State.ACCEPTED, Recording.State.REJECTED)
    newest = TakeVerdict.objects.order_by("-pk").values("recording")[:NEWEST]
    takes: Any = Recording.objects.filter(state__in=states, pk__in=newest)
    rows = takes.filter(quality__isnull=False).order_by()
    return [
        Judged(quality, state == Recording.State.ACCEPTED)
        for _pk, quality, state in rows.values_list("pk", "quality", "state")
    ]
