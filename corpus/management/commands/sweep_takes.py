"""Remove files without a take (interrupted uploads) and abandoned archives from the storage."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from corpus.services.take_files import NO_UPLOAD_TAKES, files_sweep


class Command(BaseCommand):
    help = "Remove files without a take, and archives abandoned for a week."

    def add_arguments(self, parser: CommandParser) -> None:
        default = int(NO_UPLOAD_TAKES.total_seconds() // 60)
        parser.add_argument(
            "--minutes", type=float, default=default,
            help=f"minimum age (default {default}), so that uploads in progress are kept",
        )  # fmt: skip

    def handle(self, *args: Any, minutes: float, **options: Any) -> None:
        for name in files_sweep(older_than=timedelta(minutes=minutes)):
            self.stdout.write(name)
