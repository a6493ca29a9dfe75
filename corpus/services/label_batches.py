"""Labels of many sentences at once, and their undo: of a selection, or a filter's suggestions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from corpus.models import LabelDecision, Sentence, StyleLabel
from corpus.querysets import SentenceQuerySet
from corpus.services.labels import LabelConflict, LabelTaken, label_set, label_undo, writing
from corpus.suggest import suggest

_CHUNK = 500


class Pick(NamedTuple):
    """A selected sentence and the decision its row showed."""

    sentence_id: str
    seen: int | None


@dataclass
class Labelled:
    """What came of labelling a selection: ids of sentences by outcome."""

    batch: UUID
    done: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)  # somebody else's other choice stands
    refused: list[str] = field(default_factory=list)  # adjudicated, or no longer there


def selection_label(*, picks: Iterable[Pick], style: StyleLabel, person: Any) -> Labelled:
    """Label the selected sentences; others' choices and adjudicated labels stay as they are."""
    result = Labelled(uuid4())
    with writing():
        for pick in picks:
            given = {"sentence": pick.sentence_id, "style": style, "person": person}
            try:
                decision = label_set(**given, seen=pick.seen, batch=result.batch)
            except LabelTaken:
                result.taken.append(pick.sentence_id)
            except (LabelConflict, Sentence.DoesNotExist):
                result.refused.append(pick.sentence_id)
            else:
                if decision.batch == result.batch:
                    result.done.append(pick.sentence_id)
    return result


def suggestions_count(*, sentences: SentenceQuerySet) -> dict[str, int]:
    """Count by style key the labels that accepting every suggestion would set."""
    counts: dict[str, int] = {}
    for kind, text in sentences.order_by().values_list("kind", "text"):
        style = suggest(kind, text).style
        counts[style] = counts.get(style, 0) + 1
    return counts


def suggestions_accept(*, sentences: SentenceQuerySet, person: Any) -> tuple[UUID, int]:
    """Accept the suggestion for each of these sentences that still waits for the person.

    Returns the batch id shared by the decisions, and their number.
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


def batch_undo(*, batch: UUID, person: Any) -> tuple[int, int]:
    """Undo decisions made together; return how many, and how many were changed since and stay."""
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
    """Return whether the decision is the sentence's last; a blind one, the person's last."""
    rows = LabelDecision.objects.filter(sentence=decision.sentence_id, pk__gt=decision.pk)
    if decision.blind:
        rows = rows.filter(person=decision.person_id)
    return not rows.exists()
