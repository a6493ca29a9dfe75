"""What the stages share: their error and the sign to go on or stop."""

from __future__ import annotations

from collections.abc import Callable

StopSignal = Callable[[], bool]
Progress = Callable[[int, int], None]  # done, of


class StageError(RuntimeError):
    """A stage that cannot be done; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
