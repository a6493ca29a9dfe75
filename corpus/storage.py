"""Where files of the media lie: each whole or not at all, in a folder that has to be there."""

import errno
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from corpus.faults import Fault, fault_of
from corpus.files import write_bytes

PROBE_BYTES = 16 * 2**20  # more than a checkpoint or a take


class WholeFiles(FileSystemStorage):
    """Files on disk, written under another name first: a full disk leaves no part of one.

    A missing root is a fault, not a folder to make: it may be a disk that is not mounted.
    """

    def _save(self, name: str, content: Any) -> str:
        root_check(Path(self.location))
        part = str(PurePosixPath(name).with_name(f".{uuid4().hex}.new"))
        try:
            super()._save(part, content)  # type: ignore[misc]
            name = self.get_available_name(name)
            Path(self.path(part)).rename(self.path(name))
        except OSError:
            Path(self.path(part)).unlink(missing_ok=True)
            raise
        return name


def root_check(root: Path | None = None) -> None:
    """Raise FileNotFoundError if the folder of the media is not there."""
    root = root or Path(settings.MEDIA_ROOT)
    if not root.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))


def storage_fault(error: BaseException | None) -> Fault | None:
    """Return what is wrong with storage or database, if that is what the error is about."""
    return fault_of(error, folders())


def folders() -> list[Path]:
    return [Path(settings.MEDIA_ROOT), Path(settings.DATA_DIR), Path(settings.VOICES_DIR)]


def room_fault() -> Fault | None:
    """Return what keeps files from being stored, None if a slice's files have room."""
    try:
        for root in {Path(settings.MEDIA_ROOT), Path(settings.DATA_DIR)}:
            root_check(root)
            if shutil.disk_usage(root).free < PROBE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(root))
            probe = root / f".room-{uuid4().hex}"
            try:
                write_bytes(probe, bytes(PROBE_BYTES))
            finally:
                probe.unlink(missing_ok=True)
    except OSError as error:
        return storage_fault(error)
    return None
