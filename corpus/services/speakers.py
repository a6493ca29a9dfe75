"""Speakers and their consent: what they agreed to and when, and its withdrawal."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from corpus.models import Speaker

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
    return speaker


def consent_withdraw(*, speaker: Speaker) -> None:
    """Record the withdrawal; the speaker's takes are no longer used from now on."""
    speaker.withdrawn_at = timezone.now()
    speaker.save(update_fields=["withdrawn_at"])


def _free_name(person: Any) -> str:
    name = person.get_full_name() or person.get_username()
    taken = Speaker.objects.filter(name=name).exists()
    return f"{name} ({person.get_username()})" if taken else name
