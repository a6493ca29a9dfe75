"""Speakers and their consent: what they agreed to and when, and its withdrawal."""

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from corpus.models import ConsentChange, Recording, Sentence, Speaker
from voicelab.operations.audit import Act, act_record

CONSENT_SCOPE = "recording-cloning-serving"


def speaker_of(person: Any) -> Speaker | None:
    """Return the speaker row of a user, if there is one."""
    return Speaker.objects.filter(user=person).first()


@transaction.atomic
def consent_give(*, person: Any, text: str) -> Speaker:
    """Record the text a user agreed to on their speaker row, creating it if missing."""
    speaker = speaker_of(person) or Speaker(user=person, name=_free_name(person))
    speaker.consent_text, speaker.consent_scope = text, CONSENT_SCOPE
    speaker.consented_at, speaker.withdrawn_at = timezone.now(), None
    speaker.save()
    _change(speaker, ConsentChange.Kind.GIVEN, speaker.consented_at, person, text)
    return speaker


@transaction.atomic
def consent_withdraw(*, speaker: Speaker, person: Any) -> bool:
    """Record that a speaker withdrew; from now on the takes are not used. False if it was so.

    `person` records it: the speaker, or an administrator on the speaker's word.
    """
    now = timezone.now()
    standing = Speaker.objects.filter(pk=speaker.pk, withdrawn_at=None)
    if not standing.exclude(consented_at=None).update(withdrawn_at=now):
        return False
    speaker.refresh_from_db(fields=["withdrawn_at"])
    _change(speaker, ConsentChange.Kind.WITHDRAWN, now, person)
    return True


def _change(speaker: Speaker, kind: str, when: Any, person: Any, text: str = "") -> None:
    ConsentChange.objects.create(
        speaker=speaker, kind=kind, created_at=when, person=person, text=text
    )
    takes = Recording.objects.filter(sentence=OuterRef("pk"), speaker=speaker)
    sentences: Any = Sentence.objects.filter(Exists(takes))
    locked = sentences.select_for_update().order_by("pk")
    if locked.values_list("pk", flat=True):
        sentences.mark_recorded()
    given = kind == ConsentChange.Kind.GIVEN
    act = Act.CONSENT_GIVEN if given else Act.CONSENT_WITHDRAWN
    act_record(act, person=person, about=speaker)


def _free_name(person: Any) -> str:
    name = person.get_full_name() or person.get_username()
    taken = Speaker.objects.filter(name=name).exists()
    return f"{name} ({person.get_username()})" if taken else name
