"""Takes: stored, measured, and archives of them kept between preview and storing."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, BinaryIO, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from corpus.audio.checks import Check, take_checks
from corpus.audio.io import decode, encode_wav, resample
from corpus.audio.loudness import peak_db
from corpus.audio.prosody import Prosody, measure
from corpus.audio.types import Audio
from corpus.files import sha256
from corpus.models import ProsodyScore, Recording, Sentence, Speaker, StyleLabel
from corpus.services.take_scores import baseline_changed, score_write
from corpus.take_archives import Found, Item, Known, archive_extract, archive_files, plan

MAX_SECONDS = 30.0  # one sentence; also keeps the web process below 200 MB
MAX_RATE_HZ = 48_000
_ANALYSIS = Lock()  # one take at a time: concurrency would cost memory and save no time


class ConsentMissing(Exception):
    """The speaker has not agreed to be recorded, or withdrew; the message says which."""


class TakeIdTaken(Exception):
    """Another take was stored under this id; the message says what to do."""


def take_store(
    *,
    sentence: Sentence,
    style: StyleLabel,
    speaker: Speaker,
    person: Any,
    file: BinaryIO,
    uuid: UUID | None = None,
) -> Recording:
    """Decode, check, measure and store a take; the same file sent again returns the first row.

    Nothing is stored if the audio is rejected (AudioError), consent is missing (ConsentMissing)
    or another take has this id (TakeIdTaken).
    """
    consent_require(speaker)
    whose = {"sentence": sentence, "style": style, "speaker": speaker}
    digest = _sha256(file)
    if there := _stored(digest, whose, uuid):
        return there
    recording = Recording(**whose, uploaded_by=person, original_sha256=digest)
    recording.uuid = uuid or uuid4()
    with _ANALYSIS:
        audio = decode(file, max_bytes=settings.MAX_UPLOAD_BYTES, max_seconds=MAX_SECONDS)
        audio = resample(audio, min(audio.sr, MAX_RATE_HZ))
        found = _analyse(recording, audio)
    with ExitStack() as undo:
        undo.callback(_files_delete, recording)
        _files_write(recording, audio, file)
        with transaction.atomic():
            Sentence.objects.select_for_update().get(pk=sentence.pk)
            if there := _stored(digest, whose, uuid):
                return there
            recording.take = _takes_so_far(whose) + 1
            recording.save()
            score_write(recording, *found)
            baseline_changed(recording)
            Recording.objects.filter(sentence=sentence.pk).rank()
        undo.pop_all()
    return recording


def take_measure(*, recording: Recording) -> ProsodyScore:
    """Measure a stored take again, after the analyser or the style's profile changed.

    The new score is appended; the earlier ones stay.
    """
    with recording.wav.open("rb") as file:
        audio = decode(cast(BinaryIO, file), max_seconds=MAX_SECONDS)
    found = _analyse(recording, audio)
    with transaction.atomic():
        Sentence.objects.select_for_update().get(pk=recording.sentence_id)
        recording.save(update_fields=["loudness_lufs", "peak_db", "checks"])
        score = score_write(recording, *found)
        Recording.objects.filter(sentence=recording.sentence_id).rank()
        return score


def consent_require(speaker: Speaker) -> None:
    """Raise ConsentMissing unless the speaker agreed and did not withdraw."""
    if speaker.withdrawn_at:
        raise ConsentMissing(_("%s withdrew the consent to be recorded.") % speaker.name)
    if not speaker.consented_at:
        raise ConsentMissing(_("%s has not agreed to be recorded yet.") % speaker.name)


def _analyse(recording: Recording, audio: Audio) -> tuple[Prosody, list[Check]]:
    syllables = recording.sentence.syllables or None
    prosody, checks = measure(audio, syllables=syllables), take_checks(audio, syllables=syllables)
    recording.sr, recording.duration_s = audio.sr, audio.duration_s
    recording.loudness_lufs, recording.peak_db = prosody.loudness_lufs, peak_db(audio)
    recording.checks = [check.to_json() for check in checks]
    return prosody, checks


def _stored(digest: str, whose: dict[str, Any], uuid: UUID | None) -> Recording | None:
    """Return the take already stored from this file; raise TakeIdTaken if the id is in use."""
    if there := Recording.objects.filter(original_sha256=digest, **whose).first():
        return there
    if uuid and Recording.objects.filter(uuid=uuid).exists():
        raise TakeIdTaken(_("Another take was stored under this id. Record the sentence again."))
    return None


def _takes_so_far(whose: dict[str, Any]) -> int:
    return Recording.objects.filter(**whose).aggregate(last=Max("take"))["last"] or 0


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(2**20):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def _files_write(recording: Recording, audio: Audio, file: BinaryIO) -> None:
    content = encode_wav(audio)
    recording.sha256 = sha256(content)
    recording.wav.save("take.wav", ContentFile(content), save=False)
    file.seek(0)
    recording.original.save("take.bin", File(file, name="take.bin"), save=False)


def _files_delete(recording: Recording) -> None:
    for field in (recording.wav, recording.original):
        if field:
            field.delete(save=False)


def batch_keep(*, person: Any, file: Any) -> UUID:
    """Keep an archive for its person in place of an earlier one; BatchError where it is none."""
    archive_files(file)
    batch_drop(person=person)
    token = uuid4()
    file.seek(0)
    default_storage.save(_name(person, token), File(file))
    return token


def batch_drop(*, person: Any) -> None:
    """Forget the archive a person sent, if there is one."""
    folder = _folder(person)
    for name in default_storage.listdir(folder)[1]:
        default_storage.delete(f"{folder}/{name}")


@contextmanager
def batch_open(*, person: Any, token: UUID) -> Iterator[Any]:
    """Open the archive a person sent; FileNotFoundError when it is no longer there."""
    with default_storage.open(_name(person, token), "rb") as file:
        yield file


@contextmanager
def batch_file(archive: Any, index: int) -> Iterator[BinaryIO]:
    """Unpack one file of an archive to disk, no further than a take may be large."""
    with TemporaryFile() as file:
        archive_extract(archive, index, file, max_bytes=settings.MAX_UPLOAD_BYTES)
        file.seek(0)
        yield file


def batch_plan(files: list[Found]) -> list[Item]:
    """Say of each file which take of the corpus it is, or what is wrong with it."""
    known = Known(
        frozenset(Sentence.objects.values_list("sentence_id", flat=True)),
        frozenset(StyleLabel.objects.values_list("key", flat=True)),
    )
    return plan(files, known, max_bytes=settings.MAX_UPLOAD_BYTES)


def _folder(person: Any) -> str:
    return f"batches/{person.pk}"


def _name(person: Any, token: UUID) -> str:
    return f"{_folder(person)}/{token}.zip"
