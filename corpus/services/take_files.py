"""Cleanup of the file storage: files without a take (interrupted uploads) and old archives."""

from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from corpus.models import Recording

FOLDERS = {"originals": "original", "recordings": "wav"}
ARCHIVES = "batches"
NO_UPLOAD_TAKES = timedelta(hours=1)  # younger files may belong to an upload in progress
ARCHIVE_KEPT = timedelta(days=7)  # how long a ZIP is kept after its upload


def files_sweep(*, older_than: timedelta = NO_UPLOAD_TAKES) -> list[str]:
    """Delete files without a take and abandoned archives; return their names."""
    orphans = [name for folder in FOLDERS for name in _orphans(folder) if _is_old(name, older_than)]
    archives = [
        name
        for person in _names(ARCHIVES, kind=0)
        for name in _names(person, kind=1)
        if _is_old(name, max(older_than, ARCHIVE_KEPT))
    ]
    for name in orphans + archives:
        default_storage.delete(name)
    return orphans + archives


def _orphans(folder: str) -> list[str]:
    there = set(_names(folder, kind=1))
    owned = Recording.objects.values_list(FOLDERS[folder], flat=True)
    return sorted(there.difference(owned))


def _names(folder: str, *, kind: int) -> list[str]:
    """Return the folders (`kind` 0) or files (1) in a folder of the storage."""
    return [f"{folder}/{name}" for name in default_storage.listdir(folder)[kind]]


def _is_old(name: str, age: timedelta) -> bool:
    return default_storage.get_modified_time(name) <= timezone.now() - age
