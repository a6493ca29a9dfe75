"""Writers of one process take turns on SQLite, which else lets them sleep and guess when to try."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from django.db import connection, transaction

_turn = Lock()


@contextmanager
def writing() -> Iterator[None]:
    """Open a transaction; on SQLite wait for the process's other writers first."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _turn, transaction.atomic():
        yield
