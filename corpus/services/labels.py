"""Labels: set, accept suggestions, undo, adjudicate; every action appends a row."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from corpus import label_resolution
from corpus.models import Adjudication, LabelDecision, Sentence, StyleLabel
from corpus.querysets import SentenceQuerySet
from corpus.suggest import suggest

_CHUNK = 500


class LabelConflict(Exception):
    """The label changed since the person saw it, or the action is impossible; see the message."""


UNSEEN: Any = object()
UNDO_DEPTH = 60  # latest decisions of a person that are searched for one to undo


def label_set(
    *,
    sentence: Sentence | str,
    style: StyleLabel,
    person: Any,
    source: str = LabelDecision.Source.PERSON,
    seen: Any = UNSEEN,
) -> LabelDecision:
    """Append a decision; `seen` is the id of the decision the person was shown, or None.

    `sentence` may be a sentence_id; raises Sentence.DoesNotExist if there is none. Repeating one's
    own decision appends nothing. In the blind share every person votes independently. Otherwise
    LabelConflict is raised if somebody else decided after `seen`, and always for adjudicated
    sentences.
    """
    with writing():
        locked, decisions = _lock(sentence)
        unseen = locked.draw < settings.BLIND_SHARE
        own = [row for row in decisions if row.person_id == person.pk]
        each = unseen or any(row.blind for row in decisions)
        last = next(reversed(own if each else decisions), None)
        if last and last.person_id == person.pk and last.style_id == style.pk:
            return last
        if not each and seen is not UNSEEN and seen != (last.pk if last else None):
            raise LabelConflict(_changed_by(last))
        if locked.standing == label_resolution.SETTLED:
            raise LabelConflict(_("This sentence was adjudicated; its label is settled."))
        first = not (own and own[-1].style_id) and source != LabelDecision.Source.IMPORT
        decision = LabelDecision.objects.create(
            sentence=locked, style=style, person=person, source=source, blind=unseen and first
        )
        _settle(locked, [*decisions, decision])
        return decision


def label_undo(*, sentence: Sentence, person: Any) -> LabelDecision:
    """Append a decision that restores the label from before the person's last one.

    Can be repeated while the latest standing decision is the person's own; otherwise raises
    LabelConflict.
    """
    with writing():
        locked, decisions = _lock(sentence)
        if any(row.blind for row in decisions):
            standing_ = _standing([row for row in decisions if row.person_id == person.pk])
        else:
            standing_ = _standing(decisions)
        if not standing_ or standing_[-1].person_id != person.pk:
            raise LabelConflict(_("You have no decision to undo."))
        before = standing_[-2].style_id if len(standing_) > 1 else None
        decision = LabelDecision.objects.create(
            sentence=locked, style_id=before, person=person, source=LabelDecision.Source.UNDO
        )
        _settle(locked, [*decisions, decision])
        return decision


def label_undo_last(*, person: Any) -> LabelDecision:
    """Undo the person's newest decision that can be undone; return the appended row."""
    for pk in _undoable(person):
        try:
            return label_undo(sentence=Sentence(pk=pk), person=person)
        except LabelConflict:
            continue
    raise LabelConflict(_("You have no decision to undo."))


def label_adjudicate(
    *, sentence: Sentence, style: StyleLabel, person: Any, reason: str
) -> Adjudication:
    """Settle a disputed or already settled sentence; raise LabelConflict for others."""
    with writing():
        locked, decisions = _lock(sentence)
        if locked.standing not in (label_resolution.DISPUTED, label_resolution.SETTLED):
            raise LabelConflict(_("Nobody disputes this sentence any more."))
        act = Adjudication.objects.create(
            sentence=locked, style=style, person=person, reason=reason
        )
        _settle(locked, decisions, adjudicated=style.pk)
        return act


def decisions_standing(sentence: Sentence) -> list[LabelDecision]:
    """Return the decisions that were not undone, oldest first."""
    return _standing(list(sentence.decisions.select_related("style", "person").order_by("pk")))


def _standing(decisions: list[LabelDecision]) -> list[LabelDecision]:
    kept: list[LabelDecision] = []
    for decision in decisions:
        if decision.source != LabelDecision.Source.UNDO:
            kept.append(decision)
        elif kept:
            kept.pop()
    return kept


def _undoable(person: Any) -> list[int]:
    """Return ids of sentences with standing decisions by the person, newest first.

    Imports and decisions accepted in a batch are excluded.
    """
    taken_back: dict[int, int] = {}
    found = []
    rows = person.decisions.order_by("-pk").values_list("sentence", "source", "batch")
    for sentence, source, batch in rows[:UNDO_DEPTH]:
        if source == LabelDecision.Source.UNDO:
            taken_back[sentence] = taken_back.get(sentence, 0) + 1
        elif taken_back.get(sentence):
            taken_back[sentence] -= 1
        elif batch is None and source != LabelDecision.Source.IMPORT:
            found.append(sentence)
    return list(dict.fromkeys(found))


def _lock(sentence: Sentence | str) -> tuple[Sentence, list[LabelDecision]]:
    """Lock the sentence's row; return it and its decisions, oldest first."""
    which = {"sentence_id": sentence} if isinstance(sentence, str) else {"pk": sentence.pk}
    rows = Sentence.objects.only("sentence_id", "draw", "label", "standing")
    locked = rows.select_for_update().get(**which)
    return locked, list(LabelDecision.objects.filter(sentence=locked.pk).order_by("pk"))


def _settle(
    sentence: Sentence, decisions: list[LabelDecision], *, adjudicated: int | None = None
) -> None:
    """Recompute and store a locked sentence's label, standing and votes."""
    if adjudicated is None and sentence.standing == label_resolution.SETTLED:
        adjudicated = sentence.label_id
    said = [label_resolution.Said(d.person_id, d.style_id, d.source, d.blind) for d in decisions]
    result = label_resolution.outcome(said, adjudicated)
    Sentence.objects.filter(pk=sentence.pk).update(
        label_id=result.label, standing=result.standing, votes=result.votes
    )


def _changed_by(last: LabelDecision | None) -> str:
    if last is None or last.style is None:
        return _("Somebody removed this label meanwhile; yours was not saved.")
    return _("%(person)s set this to “%(style)s” meanwhile; yours was not saved.") % {
        "person": last.person.get_full_name() or last.person.get_username(),
        "style": last.style.name,
    }


@contextmanager
def writing() -> Iterator[None]:
    """Open a transaction; on SQLite, first wait for this machine's other writers (file lock)."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with (settings.DATA_DIR / "turn").open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with transaction.atomic():
            yield


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


def suggestions_undo(*, batch: UUID, person: Any) -> tuple[int, int]:
    """Undo the decisions of a batch; return how many, and how many were changed since and stay."""
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
