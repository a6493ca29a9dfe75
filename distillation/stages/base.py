"""Shared by all stages: the error they raise and the stop and progress callbacks."""

from __future__ import annotations

from collections.abc import Callable

StopSignal = Callable[[], bool]
Progress = Callable[[int, int], None]  # done, total


class StageError(RuntimeError):
    """A stage cannot run; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
