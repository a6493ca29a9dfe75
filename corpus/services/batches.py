"""Suggestions accepted for many sentences in one step, and taken back in one."""

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from corpus.models import LabelDecision, Sentence, StyleLabel
from corpus.querysets import SentenceQuerySet
from corpus.services.labels import label_undo
from corpus.suggest import suggest

_CHUNK = 500


def suggestions_count(*, sentences: SentenceQuerySet) -> dict[str, int]:
    """Count by style key what accepting every suggestion would set."""
    counts: dict[str, int] = {}
    for kind, text in sentences.order_by().values_list("kind", "text"):
        style = suggest(kind, text).style
        counts[style] = counts.get(style, 0) + 1
    return counts


def suggestions_accept(*, sentences: SentenceQuerySet, person: Any) -> tuple[UUID, int]:
    """Accept the suggestion for each of these sentences that still waits for the person.

    Returns the id the decisions share, and how many there are.
    """
    batch, n = uuid4(), 0
    styles = {style.key: style.pk for style in StyleLabel.objects.all()}
    pks = list(sentences.order_by().values_list("pk", flat=True))
    with transaction.atomic():
        for start in range(0, len(pks), _CHUNK):
            part = Sentence.objects.filter(pk__in=pks[start : start + _CHUNK])
            list(part.select_for_update().order_by("pk").values_list("pk"))
            rows = [
                LabelDecision(
                    sentence=sentence,
                    style_id=style,
                    person=person,
                    source=LabelDecision.Source.SUGGESTION,
                    blind=sentence.draw < settings.BLIND_SHARE,
                    batch=batch,
                )
                for sentence in part.waiting_for(person)
                if (style := styles.get(suggest(sentence.kind, sentence.text).style))
            ]
            LabelDecision.objects.bulk_create(rows)
            part.relabel()
            n += len(rows)
    return batch, n


def suggestions_undo(*, batch: UUID, person: Any) -> tuple[int, int]:
    """Take back what a batch set; return how many, and how many somebody changed since."""
    done = kept = 0
    with transaction.atomic():
        for decision in LabelDecision.objects.filter(batch=batch, person=person).order_by("pk"):
            if _stands(decision):
                label_undo(sentence=decision.sentence, person=person)
                done += 1
            else:
                kept += 1
    return done, kept


def _stands(decision: LabelDecision) -> bool:
    """Say whether the decision is the last word on its sentence, as far as it is the person's."""
    rows = LabelDecision.objects.filter(sentence=decision.sentence_id, pk__gt=decision.pk)
    if decision.blind:
        rows = rows.filter(person=decision.person_id)
    return not rows.exists()
