"""Export the corpus in the exchange format, to a file or standard output."""

import shutil
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from corpus.exchanging import corpus_export, exported_takes


class Command(BaseCommand):
    help = "Write sentences, labels and best takes as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="default: standard output")
        parser.add_argument(
            "--audio", action="store_true", help="also copy the takes next to the file"
        )

    def handle(self, *_args: Any, file: Path | None, audio: bool, **_options: Any) -> None:
        if file is None:
            if audio:
                raise CommandError("--audio needs a file: the takes are copied next to it")
            for piece in corpus_export():
                self.stdout.write(piece, ending="")
            return
        with file.open("w", encoding="utf-8") as out:
            out.writelines(corpus_export())
        copied = self._copy(file.parent) if audio else 0
        print(f"{file} written, {copied} takes copied", file=sys.stderr)

    def _copy(self, folder: Path) -> int:
        copied = 0
        for path, take in exported_takes():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            with take.wav.open("rb") as read, (folder / path).open("wb") as written:
                shutil.copyfileobj(read, written)
            copied += 1
        return copied
