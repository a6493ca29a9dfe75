"""The text of a sentence: a new one replaces it once it has takes; its sounds are counted again."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from corpus.exchange.fields import FIELDS, Known, Problem
from corpus.models import ProsodyScore, Sentence
from corpus.sentence_text import sentence_sounds
from voicelab.operations.audit import Act, act_record

_REVISION = re.compile(r"-r(\d{1,4})$")
_RATES = ("speech_rate", "articulation_rate")
_BATCH = 500


class SentenceConflict(Exception):
    """The sentence cannot be replaced, or not put back; the message says why."""


@transaction.atomic
def sentence_supersede(*, sentence: Sentence, text: str, person: Any) -> Sentence:
    """Archive a sentence and return the new one that has its place, its list and another text.

    Labels and takes stay with the old text; the new sentence has none.
    """
    old = Sentence.objects.select_for_update().get(pk=sentence.pk)
    if old.superseded_by_id:
        raise SentenceConflict(_("Another sentence has replaced this one already."))
    new = Sentence.objects.create(
        sentence_id=_revision(old.sentence_id),
        category_id=old.category_id,
        list=old.list,
        kind=old.kind,
        position=old.position,
        **_checked(text),
    )
    old.superseded_by, old.archived_at, old.archived_by = new, timezone.now(), person
    old.save(update_fields=["superseded_by", "archived_at", "archived_by"])
    about, by = old.sentence_id, new.sentence_id
    act_record(Act.SENTENCE_REPLACED, person=person, about=about, by=by, text=new.text)
    return new


@transaction.atomic
def sentence_restore(*, sentence: Sentence) -> None:
    """Put a replaced sentence back, and delete the new one, which nobody may have worked on."""
    old = Sentence.objects.select_for_update().get(pk=sentence.pk)
    if old.superseded_by_id is None:
        raise SentenceConflict(_("No other sentence has replaced this one."))
    new = Sentence.objects.select_for_update().get(pk=old.superseded_by_id)
    used = (new.decisions, new.adjudications, new.flags, new.recordings)
    if new.superseded_by_id or any(rows.exists() for rows in used):
        message = _("%(id)s was labelled, recorded or flagged meanwhile: both sentences stay.")
        raise SentenceConflict(message % {"id": new.sentence_id})
    old.superseded_by = old.archived_at = old.archived_by = None
    old.save(update_fields=["superseded_by", "archived_at", "archived_by"])
    new.delete()
    act_record(Act.SENTENCE_RESTORED, about=old.sentence_id)


def _checked(text: str) -> dict[str, Any]:
    """Return the columns of a text that may be stored as a sentence."""
    try:
        found = FIELDS["text"].check(" ".join(text.split()), Known(frozenset(), None))
    except Problem as problem:
        raise SentenceConflict(_(problem.message) % problem.params) from problem
    if there := Sentence.objects.filter(text=found).first():
        message = _("The corpus has this text already, as %(owner)s.")
        raise SentenceConflict(message % {"owner": there.sentence_id})
    sounds = sentence_sounds(found)
    if len(sounds["phonemes"]) > int(Sentence._meta.get_field("phonemes").max_length or 0):
        raise SentenceConflict(_("reads as too many phonemes for one sentence: split it"))
    return {"text": found, **sounds}


def _revision(sentence_id: str) -> str:
    """Return the first free id of the next revision: shcc-01, shcc-01-r2, shcc-01-r3."""
    found = _REVISION.search(sentence_id)
    stem = sentence_id[: found.start()] if found else sentence_id
    number = int(found[1]) + 1 if found else 2
    while Sentence.objects.filter(sentence_id=f"{stem[:44]}-r{number}").exists():
        number += 1
    return f"{stem[:44]}-r{number}"


def recount_sounds(*, sentence_model: Any = Sentence, score_model: Any = ProsodyScore) -> int:
    """Store what the reader makes of every sentence today; return how many had other sounds.

    Rates of takes are syllables a second, so those of a recounted sentence change in proportion;
    their quality stays what it was judged to be. A sentence that now reads as more phonemes than
    a row holds stays as it was. A migration passes its historical models.
    """
    changed = []
    most = sentence_model._meta.get_field("phonemes").max_length
    with transaction.atomic():
        for sentence in sentence_model.objects.all().iterator(_BATCH):
            sounds = sentence_sounds(sentence.text)
            same = all(getattr(sentence, name) == value for name, value in sounds.items())
            if same or len(sounds["phonemes"]) > most:
                continue
            if sentence.syllables and sounds["syllables"] != sentence.syllables:
                _rescale(score_model, sentence.pk, sounds["syllables"] / sentence.syllables)
            for name, value in sounds.items():
                setattr(sentence, name, value)
            changed.append(sentence)
        sentence_model.objects.bulk_update(changed, ["phonemes", "syllables"], batch_size=_BATCH)
    return len(changed)


def _rescale(score_model: Any, sentence: int, factor: float) -> None:
    for score in score_model.objects.filter(recording__sentence_id=sentence):
        if score.speech_rate is not None:
            score.speech_rate *= factor
        for name in _RATES:
            if score.measures.get(name) is not None:
                score.measures[name] *= factor
        score.save(update_fields=["speech_rate", "measures"])
