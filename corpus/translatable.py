"""Mark the messages of modules that do not know Django; whoever shows them translates them."""


def gettext_noop(message: str) -> str:
    """Return the message; `makemessages` finds it by this function's name."""
    return message
