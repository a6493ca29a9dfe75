"""Texts that people have spoken in the playground: asked, stored, remembered, cleaned up."""

import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from corpus.audio.encoding import FORMATS
from corpus.files import sha256_of_json, write_bytes
from corpus.storage import media, storage_fault
from distillation.engines.base import SPEEDS
from distillation.models import PlaygroundSound, VoicePack
from distillation.services.errors import PlaygroundError
from distillation.services.provenance import consent_hold
from distillation.services.queue import sound_enqueue
from distillation.services.run_files import media_path
from distillation.services.speech_client import ServiceVoice, speech, voices_list

logger = logging.getLogger(__name__)

KEPT = 10  # sounds of a person
MAX_CHARS, MAX_CANDIDATE_CHARS = 1000, 300
SPEAK_SECONDS, KILL_SECONDS = 120, 30  # of a worker: told to stop, then ended
PER_MINUTE = 30  # new sounds of a person
MINUTE = timedelta(minutes=1)
LISTED_FORMATS = ("mp3", "wav", "flac", "opus", "aac")  # what a browser can play
CANDIDATE = re.compile(r"pack:(\d{1,9})")
SERVICE = re.compile(r"voice:([\w.+()-]{1,100})")
MIX_PART = re.compile(r"([\w.-]+)(?:\(([\d.]+)\))?")
LINE_BREAKS = "\t\n\r"


def sound_ask(*, person: Any, text: str, voice: str, speed: float, format: str) -> PlaygroundSound:
    """Return the sound of a request: the one there is, or a new one that waits to be spoken.

    `voice` is ``voice:NAME`` of the speech service, ``voice:NAME(PARTS)+NAME(PARTS)`` for a mix of
    its voices, or ``pack:ID`` of an evolved pack. Raises PlaygroundError, whose message says what
    to change.
    """
    text = text.strip()
    _check_request(text, speed, format)
    if found := CANDIDATE.fullmatch(voice):
        chosen, identity = _candidate(int(found[1]), text)
    elif found := SERVICE.fullmatch(voice):
        chosen, identity = _service_voice(found[1])
    else:
        raise PlaygroundError("no_voice", _("Choose a voice."))
    wanted = {"text": text, "speed": round(speed, 2), "format": format}
    key = sha256_of_json([identity, wanted])
    with transaction.atomic():
        return _known(person, key) or _new(person, key, **wanted, **chosen)


def candidates_list() -> list[VoicePack]:
    """Return the voices that searches made, newest first, without those whose consent is gone."""
    gone = {"style_run__take_uses__recording__speaker__withdrawn_at__isnull": False}
    packs = VoicePack.objects.evolved().exclude(**gone)
    return list(packs.select_related("style_run__run").order_by("-pk")[:60])


def history_list(person: Any) -> list[PlaygroundSound]:
    """Return the person's last sounds, newest first."""
    rows = PlaygroundSound.objects.filter(person=person).exclude(file="")
    return [row for row in rows.select_related("pack__style_run__run")[:KEPT] if row.is_playable]


def sound_stream(sound: PlaygroundSound) -> Iterator[bytes]:
    """Have the speech service speak; yield the bytes as they come and store them at the end."""
    received = bytearray()
    try:
        with speech(request_body(sound)) as parts:
            for part in parts:
                received += part
                yield part
    except PlaygroundError as error:
        sound_fail(sound_id=sound.pk, message=str(error))
        raise
    with storage_faults_noted(sound):  # it was played all the same
        sound_store(sound=sound, content=bytes(received))


def request_body(sound: PlaygroundSound) -> dict[str, Any]:
    """Return what the speech service is asked for."""
    return {
        "model": "tts-1",
        "voice": sound.voice,
        "input": sound.text,
        "speed": sound.speed,
        "response_format": sound.format,
    }


def sound_store(*, sound: PlaygroundSound, content: bytes) -> None:
    """Store the spoken text; nothing is left if the sound was removed meanwhile."""
    name = sound._meta.get_field("file").generate_filename(sound, "")
    write_bytes(media_path(name), content)
    media.publish(name)
    done = {"state": PlaygroundSound.State.READY, "file": name, "error": ""}
    if not PlaygroundSound.objects.filter(pk=sound.pk).update(**done):
        _file_release(name)
    sounds_clean(person=sound.person)


def sound_patience() -> timedelta:
    """Return after how long the message of a waiting sound must have been lost."""
    return timedelta(seconds=max(settings.REQUEUE_SECONDS, SPEAK_SECONDS + KILL_SECONDS))


def sound_fail(*, sound_id: int, message: str) -> None:
    waiting = PlaygroundSound.objects.filter(pk=sound_id, state=PlaygroundSound.State.WAITING)
    waiting.update(state=PlaygroundSound.State.FAILED, error=message)


@contextmanager
def storage_faults_noted(sound: PlaygroundSound) -> Iterator[None]:
    """Record it on the sound if the storage is what keeps it from being stored."""
    try:
        yield
    except OSError as error:
        fault = storage_fault(error)
        if fault is None:
            raise
        logger.error("sound %d not stored: %s: %s", sound.pk, fault.code, error)
        again = _("Play it again once that is done.")
        sound_fail(sound_id=sound.pk, message=f"{_(fault.message)} {again}")


def sounds_clean(*, person: Any) -> None:
    """Keep the person's last sounds; a row stays without its file while the limit counts it."""
    rows = PlaygroundSound.objects.filter(person=person)
    kept = list(rows.standing().values_list("pk", flat=True)[:KEPT])
    old = rows.exclude(pk__in=kept)
    names = set(old.exclude(file="").values_list("file", flat=True))
    old.exclude(file="").update(file="")
    old.filter(created_at__lt=timezone.now() - MINUTE).delete()
    for name in names:
        _file_release(name)


def _known(person: Any, key: str) -> PlaygroundSound | None:
    """Return the person's sound of an equal request, unless it failed or its file is gone."""
    rows = PlaygroundSound.objects.filter(person=person, key=key).standing()
    for row in rows:
        if row.state == PlaygroundSound.State.WAITING or row.is_playable:
            row.asked_at = timezone.now()
            row.save(update_fields=["asked_at"])
            if row.pack_id and row.state == PlaygroundSound.State.WAITING:
                _enqueue_again(row)
            return row
    return None


def _enqueue_again(row: PlaygroundSound) -> None:
    """Send a candidate's text again if its message must have been lost."""
    if row.queued_at is None or row.queued_at < timezone.now() - sound_patience():
        sound_enqueue(row)


def _new(person: Any, key: str, **wanted: Any) -> PlaygroundSound:
    _check_rate(person)
    equal = PlaygroundSound.objects.filter(key=key, state=PlaygroundSound.State.READY)
    spoken = next((row for row in equal if row.is_playable), None)
    state = PlaygroundSound.State.READY if spoken else PlaygroundSound.State.WAITING
    row = PlaygroundSound.objects.create(
        person=person,
        key=key,
        asked_at=timezone.now(),
        state=state,
        file=spoken.file.name if spoken else "",
        **wanted,
    )
    if not spoken and row.pack_id:
        sound_enqueue(row)
    sounds_clean(person=person)
    return row


def _check_request(text: str, speed: float, format: str) -> None:
    if not text:
        raise PlaygroundError("no_text", _("Write the text to speak."))
    if len(text) > MAX_CHARS:
        raise _too_long(text, MAX_CHARS)
    if any(_is_no_text(character) for character in text):
        raise PlaygroundError("not_text", _("The text has control characters; type it anew."))
    if not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise PlaygroundError("bad_speed", _("The speed is from 0.25 to 4."))
    if format not in FORMATS:
        raise PlaygroundError("bad_format", _("Choose a format of the list."))


def _is_no_text(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") and character not in LINE_BREAKS


def _too_long(text: str, limit: int) -> PlaygroundError:
    message = _("The text has %(n)d characters; at most %(limit)d are spoken with this voice.")
    return PlaygroundError("too_long", message % {"n": len(text), "limit": limit})


def _candidate(pk: int, text: str) -> tuple[dict[str, Any], Any]:
    """Return the columns of a candidate, and what decides how it sounds."""
    if len(text) > MAX_CANDIDATE_CHARS:
        raise _too_long(text, MAX_CANDIDATE_CHARS)
    pack = VoicePack.objects.evolved().select_related("style_run__run").filter(pk=pk).first()
    if pack is None:
        raise PlaygroundError("no_voice", _("This candidate is not there any more."))
    consent_hold(pack.style_run)
    fitted = pack.fitted
    return {"pack": pack}, ["pack", pack.sha256, fitted.to_json() if fitted else None]


def _service_voice(name: str) -> tuple[dict[str, Any], Any]:
    """Return the columns of a voice of the service, and what decides how it sounds."""
    voices: dict[str, ServiceVoice] = {voice.name: voice for voice in voices_list()}
    parts = mix_parts(name) or {name: ""}
    for part in parts:
        if part not in voices:
            message = _("The speech service has no voice “%(name)s”; it has: %(voices)s.")
            raise PlaygroundError("no_voice", message % {"name": part, "voices": ", ".join(voices)})
    if len({voices[part].engine for part in parts}) > 1:
        raise PlaygroundError("mixed_engines", _("Voices of two engines do not mix."))
    return {"voice": name}, ["voice", *([asdict(voices[part]), n] for part, n in parts.items())]


def mix_parts(name: str) -> dict[str, str]:
    """Return the parts of each voice of a mix, as they are written; empty for a single voice."""
    found = [MIX_PART.fullmatch(part) for part in name.split("+")]
    if len(found) < 2 or not all(found):
        return {}
    return {part[1]: part[2] or "1" for part in found if part}


def _check_rate(person: Any) -> None:
    since = timezone.now() - MINUTE
    if PlaygroundSound.objects.filter(person=person, created_at__gte=since).count() >= PER_MINUTE:
        message = _("%d new sounds in a minute are the limit; go on in a moment.") % PER_MINUTE
        raise PlaygroundError("too_many", message)


def _file_release(name: str) -> None:
    """Delete a file that no sound refers to."""
    if not PlaygroundSound.objects.filter(file=name).exists():
        media.delete(name)
