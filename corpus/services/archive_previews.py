"""Uploaded ZIPs of takes between preview and import: at most one per user, in the file storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from corpus.models import Sentence, StyleLabel
from corpus.take_archives import Found, Item, Known, archive_extract, archive_files, plan


def batch_keep(*, person: Any, file: Any) -> UUID:
    """Store a user's archive, replacing an earlier one; raise BatchError if it is not valid."""
    archive_files(file)
    batch_drop(person=person)
    token = uuid4()
    file.seek(0)
    default_storage.save(_name(person, token), File(file))
    return token


def batch_drop(*, person: Any) -> None:
    """Delete the user's archive, if there is one."""
    folder = _folder(person)
    if not default_storage.exists(folder):
        return
    for name in default_storage.listdir(folder)[1]:
        default_storage.delete(f"{folder}/{name}")


@contextmanager
def batch_open(*, person: Any, token: UUID) -> Iterator[Any]:
    """Open the user's archive; raise FileNotFoundError if it no longer exists."""
    with default_storage.open(_name(person, token), "rb") as file:
        yield file


@contextmanager
def batch_file(archive: Any, index: int) -> Iterator[BinaryIO]:
    """Unpack one file of an archive to disk, up to the maximum size of a take."""
    with TemporaryFile() as file:
        archive_extract(archive, index, file, max_bytes=settings.MAX_UPLOAD_BYTES)
        file.seek(0)
        yield file


def batch_plan(files: list[Found]) -> list[Item]:
    """Match each file to a sentence and style of the corpus, or to an error code."""
    known = Known(
        frozenset(Sentence.objects.values_list("sentence_id", flat=True)),
        frozenset(StyleLabel.objects.values_list("key", flat=True)),
    )
    return plan(files, known, max_bytes=settings.MAX_UPLOAD_BYTES)


def _folder(person: Any) -> str:
    return f"batches/{person.pk}"


def _name(person: Any, token: UUID) -> str:
    return f"{_folder(person)}/{token}.zip"
