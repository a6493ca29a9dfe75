"""`manage.py prepare`: set up database, static files, corpus and roles; idempotent."""

from typing import Any

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand

from corpus.loading import corpus_load
from corpus.services.take_files import files_sweep
from voicelab.roles import ROLES


class Command(BaseCommand):
    help = "Migrate the database, collect static files, load the corpus, create the roles."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        corpus_load()
        for role in ROLES:
            Group.objects.get_or_create(name=role)
        files_sweep()
        self.stdout.write("Ready. Create the first admin with manage.py createsuperuser")
