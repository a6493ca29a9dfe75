#!/usr/bin/env python
"""Run Django's commands with the web project's settings."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import DatabaseError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voicelab.settings")
    try:
        execute_from_command_line(sys.argv)
    except (DatabaseError, OSError) as error:
        from corpus.storage import storage_fault

        if (fault := storage_fault(error)) is None:
            raise
        sys.exit(f"{fault.message}\n({fault.code}: {error})")


if __name__ == "__main__":
    main()
