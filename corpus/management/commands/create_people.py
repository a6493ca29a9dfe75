"""Create one user per role, with random passwords printed once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from corpus.people import people_create


class Command(BaseCommand):
    help = "Create the groups and one user per role, named after it; print their passwords once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reset-passwords",
            action="store_true",
            help="also reset the passwords of existing users",
        )

    def handle(self, *args: Any, reset_passwords: bool, **options: Any) -> None:
        passwords = people_create(reset_passwords=reset_passwords)
        for name, password in passwords.items():
            self.stdout.write(f"{name:10} {password}")
        if not passwords:
            self.stdout.write("All users exist already; --reset-passwords sets new passwords.")
