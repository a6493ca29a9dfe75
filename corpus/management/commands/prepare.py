"""`manage.py prepare`: set up database, static files, corpus and roles; idempotent."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.utils.translation import gettext, ngettext

from corpus.loading import corpus_load
from corpus.services.take_files import files_sweep
from corpus.write_ahead_log import lost_changes
from voicelab.roles import ROLES

TURN = 0x766F6963656C6162  # number of PostgreSQL's advisory lock: "voicelab"


class Command(BaseCommand):
    help = "Migrate the database, collect static files, load the corpus, create the roles."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept-lost-changes",
            action="store_true",
            help="Go on without what a damaged write-ahead log of SQLite held; a copy is kept.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
        _log_check(accept=options["accept_lost_changes"])
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


def _log_check(*, accept: bool) -> None:
    """Raise CommandError if opening an SQLite database would drop changes without a word."""
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    lost = lost_changes(log) if connection.vendor == "sqlite" else 0
    if lost and not accept:
        changes = ngettext("%(count)s change", "%(count)s changes", lost) % {"count": lost}
        raise CommandError(
            gettext(
                "%(log)s is damaged: at least %(changes)s after the damage cannot be read. Stop "
                "Voice Lab and restore the last backup (docs/operations.md), or go on without "
                "them: manage.py prepare --accept-lost-changes. Nothing was changed."
            )
            % {"log": log, "changes": changes}
        )
    if lost:
        shutil.copy2(log, log.with_name(f"{log.name}.damaged-{time.time():.0f}"))


def _pages_check() -> None:
    """Raise DatabaseError if pages of an SQLite database are damaged; nothing else notices some."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)")
            [found] = cursor.fetchone()
        if found != "ok":
            raise DatabaseError(f"database disk image is malformed: {found}")
