"""`manage.py restore FILE`: an archive of `manage.py backup` into an empty installation."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from voicelab.operations.backup import installation_restore, settings_changed
from voicelab.operations.management.commands.backup import shown


class Command(BaseCommand):
    help = (
        "Restore an archive of manage.py backup into an empty installation, on SQLite or "
        "PostgreSQL. Every file is checked before anything is written. Exit status: 0 done, 1 not "
        "done and no row written, 130 interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the archive")

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        with shown("No row was written; the same command does it again.") as bars:
            manifest = installation_restore(file, bars)
        rows = sum(model["rows"] for model in manifest["models"].values())
        made = manifest["made"][:16].replace("T", " ")
        self.stdout.write(f"Restored from {made} UTC: {rows:,} rows, {manifest['files']:,} files.")
        for name, (there, here) in settings_changed(manifest).items():
            self.stdout.write(f"{name} was {there!r}; here it is {here!r}.")
        self.stdout.write(
            "SECRET_KEY and the passwords and keys of .env were not in it. Everybody signs in "
            "again; with another SECRET_KEY one-time links and links of listening tests have ended."
        )
        self.stdout.write("Next: manage.py prepare; then start web, workers and speech service.")
