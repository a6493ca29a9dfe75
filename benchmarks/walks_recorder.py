"""Runs tests in this process and records which files of the project they call, in order.

    python -P walks_recorder.py RECORD.json TEST ...

Run in the folder of a checkout, which may be an older one: only the standard library and pytest
are imported here.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ROOT = f"{Path.cwd()}/"
OWN = tuple(f"{ROOT}{package}/" for package in ("voicelab", "corpus", "distillation"))
VALIDATION = f"{ROOT}distillation/stages/validate.py"


class Recorder:
    """A pytest plugin: the files called so far, in order, and how many before validation began."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.searched: int | None = None
        self._seen: set[str] = set()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        yield
        sys.setprofile(None)
        threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, _arg: Any) -> None:
        path = frame.f_code.co_filename
        if event != "call" or not path.startswith(OWN) or path in self._seen:
            return
        if _is_importing(frame):
            return
        self._seen.add(path)
        if path == VALIDATION:
            self.searched = len(self.files)
        self.files.append(path.removeprefix(ROOT))


def _is_importing(frame: FrameType | None) -> bool:
    """Return whether a module of the project is being executed."""
    while frame:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(OWN):
            return True
        frame = frame.f_back
    return False


def main() -> int:
    out, *tests = sys.argv[1:]
    recorder = Recorder()
    options = ["-q", "-n", "0", "--timeout", "0", "--ds", "tests.settings", *tests]
    status = pytest.main(options, plugins=[recorder])
    record = {"files": recorder.files, "searched": recorder.searched}
    Path(out).write_text(json.dumps(record), encoding="utf-8")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
