"""Errors that a creator or a listener can mend, each with a stable code."""


class ListeningError(RuntimeError):
    """A listening test cannot do what was asked; the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
