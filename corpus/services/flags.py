"""Flags on sentences: a remark with who and when, and that it was dealt with; append-only."""

from collections import defaultdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from corpus.models import Sentence, SentenceFlag


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
