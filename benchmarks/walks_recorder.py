"""Runs tests in this process and records which files of the project they call, in order.

    python -P walks_recorder.py RECORD.json TEST ...

Run in the folder of a checkout, which may be an older one: only the standard library and pytest
are imported here. What a test calls before the entrance of its walk is its arrangement, and is not
recorded.
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
ENTRANCES = (
    *(
        f"{ROOT}{app}/{name}"
        for app in ("corpus", "distillation")
        for name in ("views/", "admin.py")
    ),
    *(f"{ROOT}distillation/{name}" for name in ("management/", "services/", "tasks.py")),
    f"{ROOT}voicelab/tts/",
)
VALIDATION = f"{ROOT}distillation/stages/validate.py"
VALIDATE = tuple(  # functions `validate` that lead there
    f"{ROOT}distillation/{name}.py" for name in ("pipeline/driver", "stages/style_runner")
)


class Recorder:
    """A pytest plugin: the files called so far, in order, and how many before validation began."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.searched: int | None = None
        self._seen: set[str] = set()
        self._is_inside = False

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        self._is_inside = False
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        yield
        sys.setprofile(None)
        threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, _arg: Any) -> None:
        path = frame.f_code.co_filename
        if event != "call" or not path.startswith(OWN) or self._is_recorded(frame):
            return
        if _is_importing(frame):
            return
        self._is_inside = self._is_inside or path.startswith(ENTRANCES)
        if self.searched is None and self._is_inside and _validates(frame):
            self.searched = len(self.files)
        if not self._is_inside or path in self._seen:
            return
        self._seen.add(path)
        self.files.append(path.removeprefix(ROOT))

    def _is_recorded(self, frame: FrameType) -> bool:
        """Return whether a call can change nothing: the cheap answer for most calls."""
        known = self._is_inside and frame.f_code.co_filename in self._seen
        return known and (self.searched is not None or not _validates(frame))


def _validates(frame: FrameType) -> bool:
    code = frame.f_code
    return code.co_filename == VALIDATION or (
        code.co_filename in VALIDATE and code.co_name == "validate"
    )


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
