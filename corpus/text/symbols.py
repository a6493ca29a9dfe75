"""Signs, addresses and control characters of a text: as words, or out of the way."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]+")


def one_line(text: str) -> str:
    """Return the text on one line: control characters and white space as single spaces."""
    return " ".join(_CONTROL.sub(" ", text).split())
