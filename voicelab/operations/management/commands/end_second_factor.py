"""`manage.py end_second_factor NAME`: for an admin who lost phone and recovery codes."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from voicelab.second_factor import has_second_factor, second_factor_end


class Command(BaseCommand):
    help = "Let a person sign in with the password alone again; the audit log records it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name for signing in")

    def handle(self, *, name: str, **_options: Any) -> None:
        person = get_user_model()._default_manager.filter(username=name).first()
        if person is None:
            raise CommandError(f"Nobody signs in as {name!r}.")
        if not has_second_factor(person):
            raise CommandError(f"{name} has no second factor.")
        second_factor_end(person)
        self.stdout.write(f"{name} signs in with the password alone.")
