"""Import a file of the exchange format into the corpus, all or nothing."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from corpus.exchange.parsing import ExchangeErrors
from corpus.exchanging import corpus_import
from corpus.models import Speaker
from corpus.services.takes import ConsentMissing


class Command(BaseCommand):
    help = "Import sentences, labels and takes from JSON or JSON Lines."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--person", required=True, help="user name of the labeler")
        parser.add_argument("--speaker", help="name of the speaker of the takes")

    def handle(
        self, *_args: Any, file: Path, person: str, speaker: str | None, **_options: Any
    ) -> None:
        by = get_user_model().objects.filter(username=person).first()
        if by is None:
            raise CommandError(f"there is no user “{person}”")
        voice = Speaker.objects.filter(name=speaker).first()
        if speaker and voice is None:
            raise CommandError(f"there is no speaker “{speaker}”")
        try:
            data = file.read_bytes()
            summary = corpus_import(data=data, person=by, base=file.parent, speaker=voice)
        except OSError as fault:
            raise CommandError(f"{file}: {fault.strerror}") from fault
        except ExchangeErrors as fault:
            raise CommandError(f"{file}: nothing was imported\n{fault}") from fault
        except ConsentMissing as fault:
            raise CommandError(str(fault)) from fault
        figures = asdict(summary)
        for note in figures.pop("notes"):
            self.stderr.write(note)
        self.stdout.write(", ".join(f"{name} {count}" for name, count in figures.items()))
