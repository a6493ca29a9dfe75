"""`manage.py prepare`: set up database, static files, corpus and roles; idempotent."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from corpus.loading import corpus_load
from corpus.services.take_files import files_sweep
from voicelab.roles import ROLES

TURN = 0x766F6963656C6162  # number of PostgreSQL's advisory lock: "voicelab"


class Command(BaseCommand):
    help = "Migrate the database, collect static files, load the corpus, create the roles."

    def handle(self, *args: Any, **options: Any) -> None:
        Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
        with _alone():
            _pages_check()
            call_command("migrate", verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
            corpus_load()
            for role in ROLES:
                Group.objects.get_or_create(name=role)
            files_sweep()
        self.stdout.write("Ready. Create the first admin with manage.py createsuperuser")


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other `prepare` is at work on this database."""
    if connection.vendor != "postgresql":
        with (settings.DATA_DIR / ".prepare").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # the kernel releases it with the process
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [TURN])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [TURN])


def _pages_check() -> None:
    """Raise DatabaseError if pages of an SQLite database are damaged; nothing else notices some."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)")
            [found] = cursor.fetchone()
        if found != "ok":
            raise DatabaseError(f"database disk image is malformed: {found}")
