"""`manage.py upload_media`: copy the files of MEDIA_ROOT into the bucket; may be repeated."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track

from corpus.storage import BucketFiles


class Command(BaseCommand):
    help = "Copy the files of MEDIA_ROOT into the bucket of STORAGE_URL; nothing is deleted."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STORAGE_URL:
            raise CommandError("Set STORAGE_URL to the bucket first; see docs/operations.md.")
        copied = known = 0
        files = BucketFiles().upload_missing(Path(settings.MEDIA_ROOT))
        for name, was_missing in track(files, "files", console=Console(stderr=True)):
            copied, known = copied + was_missing, known + (not was_missing)
            if was_missing and options["verbosity"] > 1:
                self.stdout.write(name)
        self.stdout.write(f"{copied} files copied, {known} were there.")
