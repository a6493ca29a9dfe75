"""Atomic file writes, file hashes and locked folders; independent of Django."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

LOCK_NAME = ".turn"


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically with `whole_file`."""
    with whole_file(path) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only once it is complete.

    It is written under a temporary name in the same folder, synced and renamed; the content is on
    disk before the rename, so a power failure leaves no empty file either. After an exception
    nothing of it is left. Only the user and its group can read it: sounds, packs and messages are
    of people.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.new")
    try:
        with open(temporary, "w+b", opener=_private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o640)


def write_json(path: Path, data: Any, *, sort_keys: bool = False) -> None:
    """Write strict, indented JSON with `write_bytes`."""
    text = json.dumps(data, ensure_ascii=False, indent=2, sort_keys=sort_keys, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def sha256(content: bytes) -> str:
    """Return the SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file of any size, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_json(data: Any) -> str:
    """Return the SHA-256 of the canonical JSON, hexadecimal."""
    return sha256(json.dumps(data, sort_keys=True).encode())


@contextmanager
def folder_lock(place: str | Path) -> Iterator[None]:
    """Lock a folder against other processes, waiting for the lock; create it if missing.

    Uses `flock` on a file in the folder, which the kernel releases if the process is killed. Over
    NFS the lock also works between machines, unless the folder is mounted with local locks only.
    """
    folder = Path(place)
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with suppress(PermissionError):  # another user created it and has set the mode
            os.fchmod(handle, 0o666)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
