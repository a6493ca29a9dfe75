"""Faults of storage and database by their cause: what is wrong, and what is to be done."""

import errno
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from corpus.translatable import gettext_noop as _


class Fault(NamedTuple):
    """A stable code, the status a page answers with, and a message for its reader."""

    code: str
    status: int
    message: str

    @property
    def is_storage(self) -> bool:
        return self.status == INSUFFICIENT_STORAGE


INSUFFICIENT_STORAGE, UNAVAILABLE = 507, 503
FULL = Fault(
    "storage_full",
    INSUFFICIENT_STORAGE,
    _("The server's storage is full. Make room on it; what waits then continues by itself."),
)
READ_ONLY = Fault(
    "storage_read_only",
    INSUFFICIENT_STORAGE,
    _("The server may not write to its storage. Mount it for writing, or give the right to write."),
)
GONE = Fault(
    "storage_gone",
    INSUFFICIENT_STORAGE,
    _("The folder of the server's files is not there. Mount it, or restore it from a backup."),
)
UNREACHABLE = Fault(
    "storage_unreachable",
    INSUFFICIENT_STORAGE,
    _("The server's storage does not answer. Look at its disk, its network and its mount."),
)
LOCKED = Fault(
    "database_locked",
    UNAVAILABLE,
    _("The database is held by another program. Try again in a moment."),
)
AWAY = Fault(
    "database_away",
    UNAVAILABLE,
    _("The database does not answer. Start it, or look at DATABASE_URL; then try again."),
)
DAMAGED = Fault(
    "database_damaged",
    UNAVAILABLE,
    _("The database is damaged. Stop Voice Lab and restore the last backup: docs/operations.md."),
)
STORAGE_FAULTS = (FULL, READ_ONLY, GONE, UNREACHABLE)
BY_ERRNO = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), FULL),
    errno.EROFS: READ_ONLY,
    errno.ENXIO: GONE,  # no such bucket
    **dict.fromkeys((errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN), UNREACHABLE),
}
BY_WORDS = {
    "disk is full": FULL,
    "No space left": FULL,
    "readonly database": READ_ONLY,
    "unable to open database file": GONE,
    "disk I/O error": UNREACHABLE,
    "locked": LOCKED,
    "malformed": DAMAGED,
    "not a database": DAMAGED,
    "invalid page": DAMAGED,  # PostgreSQL
    "connection": AWAY,
    "database system is": AWAY,  # starting up, shutting down
}
DATABASE_ERRORS = ("OperationalError", "DatabaseError", "InternalError", "InterfaceError")


def fault_of(error: BaseException | None, folders: Iterable[Path] = ()) -> Fault | None:
    """Return the fault that an error stands for, None if it is an error of the program.

    Parameters
    ----------
    error : BaseException
        Its causes count too.
    folders : iterable of Path
        Where the server keeps its files: only there a missing folder or right is a fault of the
        storage.
    """
    roots = list(folders)
    found = (_file_fault(one, roots) or _database_fault(one) for one in _causes(error))
    return next(filter(None, found), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _file_fault(error: BaseException, roots: list[Path]) -> Fault | None:
    if not isinstance(error, OSError):
        return None
    if fault := BY_ERRNO.get(error.errno or 0):
        return fault
    path = Path(str(error.filename or ""))
    root = next((root for root in roots if path.is_relative_to(root)), None)
    if root and error.errno in (errno.EACCES, errno.EPERM):
        return READ_ONLY
    return GONE if root and not root.is_dir() else None


def _database_fault(error: BaseException) -> Fault | None:
    name = type(error).__name__
    if not isinstance(error, sqlite3.Error) and name not in DATABASE_ERRORS:
        return None
    words = str(error)
    return next((fault for part, fault in BY_WORDS.items() if part in words), None)
