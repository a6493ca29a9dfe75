"""Load categories, styles and sentences; existing rows stay unchanged without --update."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from corpus.loading import CorpusChanged, corpus_load


class Command(BaseCommand):
    help = "Load the project's corpus: categories, styles and 127 sentences."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--update", action="store_true", help="also update existing rows from the files"
        )

    def handle(self, *_args: Any, update: bool, **_options: Any) -> None:
        try:
            summary = corpus_load(update=update)
        except CorpusChanged as fault:
            raise CommandError(str(fault)) from fault
        for what, counts in vars(summary).items():
            for name, count in counts.items():
                if count:
                    self.stdout.write(f"{name}: {count} {what}")
