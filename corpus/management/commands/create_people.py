"""Create one user per role, with random passwords printed once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from corpus.people import people_create


class Command(BaseCommand):
    help = "Make the groups and one person per role, named after it; passwords are printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reset-passwords", action="store_true", help="also give those there a new password"
        )

    def handle(self, *args: Any, reset_passwords: bool, **options: Any) -> None:
        passwords = people_create(reset_passwords=reset_passwords)
        for name, password in passwords.items():
            self.stdout.write(f"{name:10} {password}")
        if not passwords:
            self.stdout.write("Everybody is there already; --reset-passwords gives new passwords.")
