"""What waits: disputes, takes without a verdict, sentences without a style; each counted once here.

Every page that shows such a number takes it from here together with the address of exactly the
rows it counts.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.urls import reverse

from corpus.models import Recording, Sentence, StyleLabel
from corpus.querysets import RecordingQuerySet, SentenceQuerySet
from corpus.services.speakers import speaker_of
from voicelab.roles import ADMIN, LABELER, REVIEWER, SPEAKER, roles_of


@dataclass(frozen=True)
class Count:
    """A number of rows, and the address of the page that lists exactly these."""

    n: int
    href: str


def disputes(person: Any) -> SentenceQuerySet:
    """Return the disputed sentences; for labelers without those they would vote on blind."""
    disputed: Any = Sentence.objects.disputed()
    only_labels = LABELER in roles_of(person) and REVIEWER not in roles_of(person)
    return disputed.seen_by(person) if only_labels else disputed


def without_style() -> SentenceQuerySet:
    """Return the sentences nobody has chosen a style for; disputed ones have several."""
    return Sentence.objects.current().filter(standing=Sentence.Standing.OPEN)


def takes_waiting(takes: Any = None) -> RecordingQuerySet:
    """Return the takes, of these or of all, that wait for a verdict: their consent stands."""
    rows: Any = Recording.objects.all() if takes is None else takes
    return rows.waiting()


def to_record(person: Any) -> SentenceQuerySet:
    """Return the labelled sentences without this person's waiting or accepted take."""
    return Sentence.objects.without_take_of(speaker_of(person))


def to_record_by_style(person: Any) -> dict[str, int]:
    """Count `to_record` by style, once for a person of one request.

    All current sentences less those with a best take; takes of archived ones are not among these.
    """
    if not hasattr(person, "_to_record"):
        styles = dict(StyleLabel.objects.values_list("pk", "key"))
        best = Recording.objects.filter(speaker=speaker_of(person), is_best=True)
        counts = Counter(_by("label", Sentence.objects.current().filter(label__isnull=False)))
        counts.subtract(_by("style", best))
        counts.update(_by("style", best.filter(sentence__archived_at__isnull=False)))
        person._to_record = {styles[pk]: n for pk, n in counts.items() if n}
    return dict(person._to_record)


def _by(name: str, rows: Any) -> dict[int, int]:
    return dict(rows.order_by().values_list(name).annotate(n=models.Count("*")))


def records(person: Any) -> bool:
    """Return whether a person records takes: admins hold every role, few of them record."""
    roles = roles_of(person)
    return SPEAKER in roles and (ADMIN not in roles or speaker_of(person) is not None)


def newest_keys(*rows: Any) -> str:
    """Return a name of the state of append-only rows, for what is kept until there are newer."""
    keys = (model.objects.order_by("-pk").values_list("pk", flat=True).first() for model in rows)
    return "-".join(str(key or 0) for key in keys)


def disputes_count(person: Any) -> Count:
    reviews = REVIEWER in roles_of(person)
    href = reverse("label_disputes") if reviews else f"{reverse('label')}?state=disputed"
    return Count(disputes(person).count(), href)


def without_style_count() -> Count:
    return Count(without_style().count(), f"{reverse('label')}?state=open")


def takes_waiting_count(takes: Any = None) -> Count:
    return Count(takes_waiting(takes).count(), f"{reverse('takes')}?state=pending")


def to_record_count(person: Any) -> Count:
    return Count(sum(to_record_by_style(person).values()), reverse("studio"))


def navigation_counts(person: Any) -> dict[str, list[tuple[str, Count]]]:
    """Return what waits for a person beside each entry of the navigation, as (kind, count)."""
    roles = roles_of(person)
    label, takes = [], []
    if LABELER in roles:
        label.append(("unlabelled", without_style_count()))
    if roles & {LABELER, REVIEWER}:
        label.append(("disputed", disputes_count(person)))
    if REVIEWER in roles:
        takes.append(("waiting", takes_waiting_count()))
    if records(person):
        takes.append(("to_record", to_record_count(person)))
    found = {"label": label, "takes": takes}
    return {name: [row for row in rows if row[1].n] for name, rows in found.items()}
