"""The file of a backup: a tar of members with their SHA-256 sums, whole or not at all."""

import hashlib
import io
import json
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from corpus.files import whole_file

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"  # the last two members, in this order
FORMAT = 1
MODE = 0o640
Progress = Callable[[int], object]  # called with the bytes or rows done since the last call


class ArchiveError(ValueError):
    """A backup cannot be made, read or restored; the message says why and what to do."""


class ArchiveWriter:
    """Adds members to an archive that is open, and keeps their sums in a temporary file."""

    def __init__(self, file: IO[bytes], scratch: IO[bytes]) -> None:
        self._file = _HashedOutput(file)
        self._tar = _Tar(fileobj=self._file, mode="w")  # type: ignore[arg-type]
        self._sums = scratch

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        """Append a member of `size` bytes; raise OSError if the content is shorter."""
        hashed = _Hashed(content)
        self._tar.addfile(_info(name, size), hashed)
        self._tar.forget()
        self._sums.write(f"{hashed.sha256}  {name}\n".encode())

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content), len(content))

    def finish(self, **told: Any) -> dict[str, Any]:
        """Append manifest and sums, without which an archive counts as cut off."""
        manifest = {"format": FORMAT, **told}
        text = json.dumps(manifest, ensure_ascii=False, indent=2)
        self.add_bytes(MANIFEST, f"{text}\n".encode())
        size = self._sums.tell()
        self._sums.seek(0)
        self._tar.addfile(_info(SUMS, size), self._sums)
        self._tar.close()
        return manifest

    @property
    def sha256(self) -> str:
        """The SHA-256 of the archive, once it is finished."""
        return self._file.sha256


@contextmanager
def archive_written(path: Path) -> Iterator[ArchiveWriter]:
    """Open an archive for writing; it is there under its name only once it was finished.

    Raises
    ------
    ArchiveError
        There is a file of this name: a backup is never overwritten.
    OSError
        The disk is full, or may not be written to; nothing is left.
    """
    if path.exists():
        raise ArchiveError(f"{path} is there already. Name another file.")
    with whole_file(path) as file, TemporaryFile(dir=path.parent) as scratch:
        yield ArchiveWriter(file, scratch)


def archive_check(path: Path, progress: Progress) -> dict[str, Any]:
    """Read the whole archive, compare every sum, and return the manifest.

    Raises
    ------
    ArchiveError
        It is no archive of this format, is cut off, or a member differs from its sum.
    OSError
        It cannot be read.
    """
    manifest, is_whole = b"", False
    with TemporaryFile() as found, _damage_told(path):
        for name, content in archive_members(path):
            if name == SUMS:
                _sums_compare(path, found, content)
                is_whole = True
                break
            hashed = _Hashed(content, progress)
            manifest = hashed.drain(keep=name == MANIFEST)
            found.write(f"{hashed.sha256}  {name}\n".encode())
    if not is_whole:
        raise ArchiveError(f"{path} is cut off or damaged. Use another backup.")
    return _manifest_read(path, manifest)


def archive_members(path: Path, prefix: str = "") -> Iterator[tuple[str, IO[bytes]]]:
    """Yield name, without the prefix, and content of each member whose name begins with it."""
    with _damage_told(path), _Tar.open(path, mode="r:") as tar:
        while member := tar.next():
            content = tar.extractfile(member) if member.isreg() else None
            tar.forget()
            if content and member.name.startswith(prefix):
                yield member.name.removeprefix(prefix), content


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except tarfile.TarError as error:
        raise ArchiveError(
            f"{path} is no backup, or damaged ({error}). Use another one."
        ) from error


class _Tar(tarfile.TarFile):
    """A tar file that need not remember its members: of a million files that is a gigabyte."""

    members: list[tarfile.TarInfo]

    def forget(self) -> None:
        self.members = []


class _HashedOutput:
    """A file to write to; counts the SHA-256 of what is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class _Hashed(io.RawIOBase):
    """Reads from a file, counts its SHA-256 and tells the progress."""

    def __init__(self, content: IO[bytes], progress: Progress = int) -> None:
        self._content, self._progress = content, progress
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._content.read(size)
        self._digest.update(data)
        self._progress(len(data))
        return data

    def drain(self, *, keep: bool) -> bytes:
        """Read to the end; return the content if it is to be kept."""
        pieces = []
        while data := self.read(2**20):
            if keep:
                pieces.append(data)
        return b"".join(pieces)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, MODE, int(time.time())
    return info


def _sums_compare(path: Path, found: IO[bytes], stored: IO[bytes]) -> None:
    found.seek(0)
    for line, wanted in zip_longest(found, stored, fillvalue=b""):
        if line != wanted:
            name = (wanted or line).decode(errors="replace").rstrip().partition("  ")[2]
            raise ArchiveError(f"{path}: {name} differs from its SHA-256. Use another backup.")


def _manifest_read(path: Path, content: bytes) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(content)
    if manifest.get("format") != FORMAT:
        raise ArchiveError(
            f"{path} has format {manifest.get('format')}, this version reads {FORMAT}. "
            "Restore it with the version that made it."
        )
    return manifest
