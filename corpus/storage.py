"""Where files of the media lie, each whole or not at all: in a folder, or in a bucket."""

import errno
import io
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, cast
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils.functional import cached_property

from corpus.bucket import BUFFER_BYTES, Bucket, BucketFile, address_of
from corpus.faults import Fault, fault_of
from corpus.files import sha256_of, write_bytes

PROBE_BYTES = 16 * 2**20  # more than a checkpoint or a take
COPIES = ".copies"  # folder of MEDIA_ROOT
COPY_KEPT_S = 3600.0  # after its last use; longer than a slice, which may not have published yet
CLEAN_S = 300.0


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

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the folders and files in a folder; none if it is not there."""
        return super().listdir(path) if self.exists(path) else ([], [])

    def fetch(self, name: str) -> Path:
        """Return a file's path on this machine, for reading; the file may be missing."""
        return Path(self.path(name))

    def fetch_folder(self, name: str) -> Path:
        """Return a folder's path on this machine, with every file in it."""
        return Path(self.path(name))

    def sha256(self, name: str) -> str:
        """Return a file's SHA-256; empty if there is none."""
        path = Path(self.path(name))
        return sha256_of(path) if name and path.is_file() else ""

    def copies_clean(self) -> None:
        """Delete copies that nobody has used for an hour."""

    def publish(self, name: str) -> None:
        """Store what was written at the path of a file or folder."""

    def check(self) -> None:
        """Raise OSError unless the files can be reached."""
        root_check(Path(self.location))

    def write_check(self) -> None:
        """Raise OSError unless files can be stored."""
        _room_check(Path(self.location))


class BucketFiles(WholeFiles):
    """Files in a bucket (STORAGE_URL), and copies of them on this machine.

    A copy is used only if its SHA-256 is the object's, so it never has another content. Nothing is
    there alone but what `publish` will store. The media of an installation that had no bucket stay
    beside the copies, for `manage.py upload_media`.
    """

    _cleaned = -CLEAN_S

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / COPIES)

    @cached_property
    def bucket(self) -> Bucket:
        return Bucket(address_of(settings.STORAGE_URL), "media/")

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError(f"{name}: files in a bucket are opened for reading")
        return OpenObject(self.bucket, name)

    def _save(self, name: str, content: Any) -> str:
        self.bucket.put(name, content)
        return name

    def delete(self, name: str) -> None:
        self.bucket.delete(name)
        Path(self.path(name)).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        try:
            self.bucket.stat(name)
        except FileNotFoundError:
            return False
        return True

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return self.bucket.list(path)

    def size(self, name: str) -> int:
        return self.bucket.stat(name).size

    def get_modified_time(self, name: str) -> datetime:
        return self.bucket.stat(name).modified

    def fetch(self, name: str) -> Path:
        path = Path(self.path(name))
        try:
            stored = self.bucket.stat(name)
        except FileNotFoundError:
            path.unlink(missing_ok=True)
            return path
        if path.is_file() and stored.sha256 and sha256_of(path) == stored.sha256:
            path.touch()
        else:
            write_bytes(path, self.bucket.get(name))
        return path

    def sha256(self, name: str) -> str:
        with suppress(FileNotFoundError):
            return self.bucket.stat(name).sha256 or sha256_of(self.fetch(name)) if name else ""
        return ""

    def fetch_folder(self, name: str) -> Path:
        there = self.bucket.list(name)[1]
        for file in {*there, *_files_in(Path(self.path(name)))}:
            self.fetch(f"{name}/{file}")
        return Path(self.path(name))

    def publish(self, name: str) -> None:
        path = Path(self.path(name))
        if not path.is_dir():
            self._upload(path, name)
            return
        here = set(_files_in(path))
        for file in here:
            self._upload(path / file, f"{name}/{file}")
        for file in {*self.bucket.list(name)[1]} - here:
            self.bucket.delete(f"{name}/{file}")

    def _upload(self, path: Path, name: str) -> None:
        with path.open("rb") as file:
            self.bucket.put(name, file)

    def upload_missing(self, root: Path) -> Iterator[tuple[str, bool]]:
        """Store the media of a folder; yield each name, and whether the bucket lacked the file."""
        for path in sorted(path for path in root.rglob("[!.]*") if path.is_file()):
            name = path.relative_to(root).as_posix()
            if name.startswith("."):
                continue
            with suppress(FileNotFoundError):
                if self.bucket.stat(name).sha256 == sha256_of(path):
                    yield name, False
                    continue
            self._upload(path, name)
            yield name, True

    def check(self) -> None:
        self.bucket.check()

    def write_check(self) -> None:
        self.bucket.put(".room", b"")
        Path(self.location).mkdir(parents=True, exist_ok=True)
        super().write_check()

    def copies_clean(self) -> None:
        """Delete copies that were not used for long; look at most every five minutes.

        A take may be deleted, or a consent withdrawn, on a machine that does not know of this one.
        """
        if time.monotonic() - BucketFiles._cleaned < CLEAN_S:
            return
        BucketFiles._cleaned = time.monotonic()
        kept_s = max(COPY_KEPT_S, settings.SLICE_HARD_SECONDS)
        for folder, _folders, files in os.walk(self.location):
            for path in (Path(folder, name) for name in files):
                with suppress(OSError):
                    if time.time() - path.stat().st_mtime > kept_s:
                        path.unlink()


class OpenObject(File):
    """A file in a bucket, opened for reading."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        raw = BucketFile(bucket, name)
        self._bucket, self.size = bucket, raw.size
        super().__init__(io.BufferedReader(raw, BUFFER_BYTES), name)

    def open(self, *_args: Any, **_kwargs: Any) -> "OpenObject":
        """Rewind the file, or open it again."""
        if self.closed:
            return OpenObject(self._bucket, str(self.name))
        self.seek(0)
        return self


media = cast(WholeFiles, default_storage)


def _files_in(folder: Path) -> Iterable[str]:
    return [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


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
        media.write_check()
        _room_check(Path(settings.DATA_DIR))
    except OSError as error:
        return storage_fault(error)
    return None


def _room_check(root: Path) -> None:
    root_check(root)
    if shutil.disk_usage(root).free < PROBE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(root))
    probe = root / f".room-{uuid4().hex}"
    try:
        write_bytes(probe, bytes(PROBE_BYTES))
    finally:
        probe.unlink(missing_ok=True)
