"""Marker for translatable messages in modules without Django; the caller translates them."""


def gettext_noop(message: str) -> str:
    """Return the message unchanged; `makemessages` recognizes calls by this function's name."""
    return message
