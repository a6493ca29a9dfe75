"""Count the phonemes and syllables of all sentences again, after a change of lexicon or reading."""

from typing import Any

from django.core.management.base import BaseCommand

from corpus.services.sentences import recount_sounds


class Command(BaseCommand):
    help = "Count phonemes and syllables of all sentences again (after VOICELAB_LEXICON changed)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"{recount_sounds()} sentences have other sounds than before.")
