"""Ends with one line where this Python is outside pyproject.toml's requires-python; runs on any."""

import io
import os
import re
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
WANTED = r'requires-python = ">=3\.(\d+),<3\.(\d+)"'


def main():
    with io.open(os.path.join(FOLDER, "pyproject.toml"), encoding="utf-8") as project:
        low, high = (int(minor) for minor in re.search(WANTED, project.read()).groups())
    found = tuple(sys.version_info[:2])
    if not (3, low) <= found < (3, high):
        sys.exit(
            "Voice Lab needs Python 3.{} to 3.{}, and {} is {}.{}. "
            "Name another: make PYTHON=python3.{}".format(
                low, high - 1, sys.executable or "this", found[0], found[1], low
            )
        )


if __name__ == "__main__":
    main()
