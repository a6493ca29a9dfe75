"""Labels of one sentence: set, undo, adjudicate; every action appends a row."""

import fcntl
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from corpus import label_resolution
from corpus.models import (
    Adjudication,
    LabelDecision,
    Recording,
    Sentence,
    SentenceFlag,
    StyleLabel,
)
from voicelab.operations.audit import Act, act_record


class LabelConflict(Exception):
    """The label changed since the person saw it, or the action is impossible; see the message."""


class LabelTaken(LabelConflict):
    """Somebody else chose another style, which stands until this person replaces or disputes it."""

    def __init__(self, theirs: LabelDecision, newest: int) -> None:
        style = theirs.style.name if theirs.style else ""
        who = theirs.person.get_full_name() or theirs.person.get_username()
        text = _("%(person)s chose “%(style)s” here. Yours was not saved.")
        super().__init__(text % {"person": who, "style": style})
        self.style = theirs.style
        self.newest = newest  # what `seen` must be to replace or dispute it


UNSEEN: Any = object()
UNDO_DEPTH = 60  # latest decisions of a person that are searched for one to undo
REPLACE, MAKE_DISPUTE = "replace", "dispute"


def label_set(
    *,
    sentence: Sentence | str,
    style: StyleLabel,
    person: Any,
    source: str = LabelDecision.Source.PERSON,
    seen: Any = UNSEEN,
    instead: str = "",
    batch: UUID | None = None,
) -> LabelDecision:
    """Append a decision; `seen` is the id of the decision the person was shown, or None.

    `sentence` may be a sentence_id; raises Sentence.DoesNotExist if there is none. Repeating one's
    own decision appends nothing. Where everybody has a vote (the blind share, disputes) others'
    votes are neither shown nor changed. Elsewhere LabelTaken is raised if somebody else's other
    choice stands, unless `instead` says what to do with it, having seen it: REPLACE it, or
    MAKE_DISPUTE of it. Adjudicated sentences raise LabelConflict.
    """
    with writing():
        locked, decisions = _lock(sentence)
        unseen = locked.draw < settings.BLIND_SHARE
        own = [row for row in decisions if row.person_id == person.pk]
        each = unseen or _each_votes(decisions)
        top = next(reversed(_standing(own if each else decisions)), None)
        if top and top.person_id == person.pk and top.style_id == style.pk:
            return top
        if locked.standing == label_resolution.SETTLED:
            raise LabelConflict(_("This sentence was adjudicated; its label is settled."))
        if top and not each and seen is not UNSEEN and top.style_id != style.pk:
            _may_replace(top, decisions[-1].pk, person, seen if instead else None)
            source = LabelDecision.Source.DISPUTE if instead == MAKE_DISPUTE else source
        first = not (own and own[-1].style_id) and source != LabelDecision.Source.IMPORT
        decision = LabelDecision.objects.create(
            sentence=locked,
            style=style,
            person=person,
            source=source,
            blind=unseen and first,
            batch=batch,
        )
        _settle(locked, [*decisions, decision])
        return decision


def _may_replace(top: LabelDecision, newest: int, person: Any, seen: int | None) -> None:
    """Raise LabelTaken unless the choice is the person's own or was seen as it stands."""
    if top.person_id != person.pk and seen != newest:
        raise LabelTaken(top, newest)


def label_undo(*, sentence: Sentence, person: Any) -> LabelDecision:
    """Append a decision that restores the label from before the person's last one.

    Can be repeated while the latest standing decision is the person's own; otherwise raises
    LabelConflict.
    """
    with writing():
        locked, decisions = _lock(sentence)
        if _each_votes(decisions):
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
    """Settle a disputed or already settled sentence; raise LabelConflict for others.

    Whoever ever labelled the sentence is part of the dispute and does not decide it.
    """
    with writing():
        locked, decisions = _lock(sentence)
        if any(row.person_id == person.pk for row in decisions):
            raise LabelConflict(_("You labelled this sentence yourself; somebody else decides."))
        if locked.standing not in (label_resolution.DISPUTED, label_resolution.SETTLED):
            raise LabelConflict(_("Nobody disputes this sentence any more."))
        act = Adjudication.objects.create(
            sentence=locked, style=style, person=person, reason=reason
        )
        _settle(locked, decisions, adjudicated=style.pk)
        told = {"style": style.key, "reason": reason}
        act_record(Act.ADJUDICATED, person=person, about=locked.sentence_id, **told)
        return act


def decisions_standing(sentence: Sentence) -> list[LabelDecision]:
    """Return the decisions that were not undone, oldest first."""
    return _standing(list(sentence.decisions.select_related("style", "person").order_by("pk")))


def _standing(decisions: list[LabelDecision]) -> list[LabelDecision]:
    return label_resolution.standing(decisions)


def _each_votes(decisions: list[LabelDecision]) -> bool:
    return any(row.blind or row.source == LabelDecision.Source.DISPUTE for row in decisions)


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
    decisions = LabelDecision.objects.filter(sentence=locked.pk).order_by("pk")
    return locked, list(decisions)


def _settle(
    sentence: Sentence, decisions: list[LabelDecision], *, adjudicated: int | None = None
) -> None:
    """Recompute and store a locked sentence's label, standing, votes and latest decision."""
    if adjudicated is None and sentence.standing == label_resolution.SETTLED:
        adjudicated = sentence.label_id
    said = [label_resolution.Said(d.person_id, d.style_id, d.source, d.blind) for d in decisions]
    result = label_resolution.outcome(said, adjudicated)
    Sentence.objects.filter(pk=sentence.pk).update(
        label_id=result.label,
        standing=result.standing,
        votes=result.votes,
        latest_decision=decisions[-1].pk if decisions else 0,
    )
    if result.label != sentence.label_id:
        Recording.objects.filter(sentence=sentence.pk).rank()


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


class FlagConflict(Exception):
    """The flag was resolved already, or the comment is missing; the message says which."""


def sentence_flag(*, sentence: Sentence, person: Any, comment: str) -> SentenceFlag:
    """Append a flag; FlagConflict without a comment."""
    if not comment.strip():
        raise FlagConflict(_("Say what is wrong with this sentence."))
    return SentenceFlag.objects.create(sentence=sentence, person=person, comment=comment.strip())


def flag_resolve(*, flag: SentenceFlag, person: Any) -> SentenceFlag:
    """Append that a flag was dealt with; FlagConflict if somebody did so before."""
    with transaction.atomic():
        Sentence.objects.select_for_update().get(pk=flag.sentence_id)
        if not SentenceFlag.objects.open().filter(pk=flag.pk).exists():
            raise FlagConflict(_("Somebody resolved this flag already."))
        return SentenceFlag.objects.create(
            sentence_id=flag.sentence_id, person=person, resolves=flag
        )


def flags_open(sentences: list[int]) -> dict[int, list[SentenceFlag]]:
    """Return the open flags of these sentences, oldest first."""
    found: dict[int, list[SentenceFlag]] = defaultdict(list)
    rows = SentenceFlag.objects.open().filter(sentence__in=sentences)
    for flag in rows.select_related("person"):
        found[flag.sentence_id].append(flag)
    return found
