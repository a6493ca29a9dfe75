"""What is done to labels: set one, take one back; every act is a new row of a named person."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from corpus.models import LabelDecision, Sentence, StyleLabel


class LabelConflict(Exception):
    """The label is no longer what the person saw; the message says whose it is."""


UNSEEN: Any = object()


def label_set(
    *,
    sentence: Sentence,
    style: StyleLabel,
    person: Any,
    source: str = LabelDecision.Source.PERSON,
    seen: Any = UNSEEN,
) -> LabelDecision:
    """Append a decision; `seen` is the id of the decision the person was shown, or None.

    Repeating one's own decision appends nothing. Raises LabelConflict when somebody else decided
    since `seen`, or when the sentence was adjudicated.
    """
    with transaction.atomic():
        last = _lock(sentence)
        if last and last.person_id == person.pk and last.style_id == style.pk:
            return last
        if seen is not UNSEEN and seen != (last.pk if last else None):
            raise LabelConflict(_changed_by(last))
        if sentence.adjudications.exists():
            raise LabelConflict(_("This sentence was adjudicated; its label is settled."))
        return LabelDecision.objects.create(
            sentence=sentence, style=style, person=person, source=source
        )


def label_undo(*, sentence: Sentence, person: Any) -> LabelDecision:
    """Append a decision that restores what was there before the person's last one.

    Can be repeated as long as the decision on top is the person's own; else LabelConflict.
    """
    with transaction.atomic():
        _lock(sentence)
        standing = decisions_standing(sentence)
        if not standing or standing[-1].person_id != person.pk:
            raise LabelConflict(_("There is no decision of yours to take back."))
        before = standing[-2].style if len(standing) > 1 else None
        return LabelDecision.objects.create(
            sentence=sentence, style=before, person=person, source=LabelDecision.Source.UNDO
        )


def decisions_standing(sentence: Sentence) -> list[LabelDecision]:
    """Return the decisions that were not taken back, oldest first."""
    standing: list[LabelDecision] = []
    for decision in sentence.decisions.select_related("style", "person").order_by("pk"):
        if decision.source != LabelDecision.Source.UNDO:
            standing.append(decision)
        elif standing:
            standing.pop()
    return standing


def _lock(sentence: Sentence) -> LabelDecision | None:
    Sentence.objects.select_for_update().get(pk=sentence.pk)
    return sentence.decisions.select_related("style", "person").order_by("-pk").first()


def _changed_by(last: LabelDecision | None) -> str:
    if last is None or last.style is None:
        return _("Somebody removed this label meanwhile; yours was not saved.")
    return _("%(person)s set this to “%(style)s” meanwhile; yours was not saved.") % {
        "person": last.person.get_full_name() or last.person.get_username(),
        "style": last.style.name,
    }
