"""`manage.py demo`: the whole workflow in one command."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from voicelab.demo.processes import DemoError
from voicelab.demo.story import demo_run


class Command(BaseCommand):
    help = "Label, record, distil, deploy and serve four voices; stop with Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--exit", action="store_true", help="stop after the table")
        parser.add_argument(
            "--engine",
            choices=("kokoro", "praat"),
            default="",
            help="default: kokoro, or praat if kokoro's files cannot be fetched",
        )
        parser.add_argument(
            "--sounds", type=Path, metavar="FOLDER", help="write one Opus file per style there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            good = demo_run(
                engine=options["engine"] or "",
                stop_after_table=options["exit"],
                sounds=options["sounds"],
            )
        except DemoError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("Stopped. `make demo` continues from here.")
            return
        if not good:
            raise CommandError(
                "Not every style improved, passed validation and answered; see above."
            )
