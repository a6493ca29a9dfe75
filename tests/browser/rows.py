"""Rows that fill pages of labels or takes: votes of several people, many verdicts, times."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group, User
from django.utils import timezone

from corpus.models import LabelDecision, Recording, Sentence, Speaker, StyleLabel, TakeVerdict
from corpus.services.labels import label_adjudicate, label_set

DRAWN, UNDRAWN = 0.1, 0.9  # under BLIND_SHARE 0.5: labelled by two, unseen; seen by all


def person_add(name: str, role: str, full_name: str) -> tuple[User, str]:
    """Create another person; return the password too."""
    password = secrets.token_urlsafe(12)
    first, last = full_name.split()
    person = User.objects.create_user(name, password=password, first_name=first, last_name=last)
    person.groups.add(Group.objects.get(name=role))
    return person, password


def votes_fill(sentences: Any, people: list[User], *, differ_each: int = 6) -> list[Sentence]:
    """Have everybody label each sentence; at intervals the last person disagrees: a dispute."""
    styles = list(StyleLabel.objects.all())
    disputed = []
    for n, sentence in enumerate(sentences):
        for who, person in enumerate(people):
            apart = n % differ_each == differ_each - 1 and who == len(people) - 1
            label_set(sentence=sentence, style=styles[(n + apart) % len(styles)], person=person)
        if n % differ_each == differ_each - 1:
            disputed.append(sentence)
    return disputed


def adjudicate(sentence: Sentence, person: User, reason: str) -> None:
    label_adjudicate(
        sentence=sentence, style=StyleLabel.objects.all()[1], person=person, reason=reason
    )


def spread_decision_times(seconds: float = 8.0) -> None:
    """Give the decisions realistic times: some seconds between one and the next."""
    rows = list(LabelDecision.objects.order_by("pk"))
    for n, row in enumerate(rows):
        row.created_at = timezone.now() - timedelta(seconds=seconds * (len(rows) - n))
    LabelDecision.objects.bulk_update(rows, ["created_at"], batch_size=500)


def verdicts_fill(like: Recording, person: User, n: int = 60) -> None:
    """Review another speaker's copies of a take, with verdicts that mostly follow the scores."""
    other = Speaker.objects.create(name="Voz de otra persona", consented_at=timezone.now())
    for k in range(n):
        quality = 0.3 + 0.7 * k / n
        accepted = (k * 7 % n) / n < quality**2
        take = Recording.objects.get(pk=like.pk)
        take.pk, take.uuid, take.take, take.speaker = None, uuid4(), k + 1, other
        take.state = Recording.State.ACCEPTED if accepted else Recording.State.REJECTED
        take.save(force_insert=True)
        score = like.prosody_scores.get()
        score.pk, score.recording, score.quality = None, take, quality
        score.save(force_insert=True)
        reason = "" if accepted else "Se corta al final."
        TakeVerdict.objects.create(recording=take, state=take.state, person=person, reason=reason)
