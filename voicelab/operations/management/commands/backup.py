"""`manage.py backup FILE`: database, media and deployed voices into one archive."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from voicelab.operations.archive import ArchiveError
from voicelab.operations.backup import Listener, installation_backup

INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Back up database, media, deployed voices and the settings without secrets into one file. "
        "The site may run meanwhile. Exit status: 0 done, 1 not done and no file left, 130 "
        "interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the archive to write, such as voicelab.tar")

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        with shown("Nothing was kept of it.") as bars:
            manifest = installation_backup(file, bars)
        rows = sum(model["rows"] for model in manifest["models"].values())
        size = decimal(file.stat().st_size)
        self.stdout.write(f"{file}: {rows:,} rows, {manifest['files']:,} files, {size}.")
        self.stdout.write(
            "It holds people's voices, their passwords' hashes and keys of second factors: keep it "
            "as closed as the server. SECRET_KEY and the passwords and keys of .env are not in it."
        )


class Bars(Listener):
    """Shows a bar for each stage; a line if the output is not a terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description:6}"),
            BarColumn(bar_width=40),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def stage(self, name: str, total: int) -> None:
        self.end()
        if not self._console.is_terminal:
            self._console.print(f"{name} …")
        self._told = "{:,} rows".format if name == "rows" else decimal
        self._task = self._bars.add_task(name, total=total or None, told="")
        self._bars.start()

    def progress(self, done: int) -> None:
        self._bars.advance(self._task, done)
        told = self._told(int(self._bars.tasks[-1].completed))
        self._bars.update(self._task, told=told)

    def end(self) -> None:
        for task in self._bars.tasks:
            self._bars.update(task.id, total=task.completed)
        self._bars.stop()


@contextmanager
def shown(left: str) -> Iterator[Bars]:
    """Show progress, and errors in words; `left` says what an error leaves behind."""
    bars, before = Bars(), signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield bars
        bars.end()
    except ArchiveError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CommandError(f"{where}{error.strerror or error}. {left}") from error
    except KeyboardInterrupt as error:
        raise CommandError(f"Stopped. {left}", returncode=INTERRUPTED) from error
    finally:
        bars.end()
        signal.signal(signal.SIGTERM, before)
