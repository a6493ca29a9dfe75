"""E-mail and web addresses as a Spanish speaker reads them: `arroba`, `punto`, `barra`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HOST = r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|gob|edu|cat|eu|es|mx|ar|co|cl|pe)\b"
_ADDRESS = re.compile(
    rf"(?<![\w.+-])(?:[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://)?{_HOST}(?:/[\w/-]*\w)?)",
    re.IGNORECASE,
)
_SIGNS: Mapping[str, str] = {
    "@": "arroba", ".": "punto", "-": "guion", "_": "guion bajo", "/": "barra", "+": "más",
}  # fmt: skip


def addresses_said(text: str) -> str:
    """Return the text with addresses as words; figures in them stay figures."""
    return _ADDRESS.sub(_said, text)


def _said(match: re.Match[str]) -> str:
    bare = re.sub(r"^https?://", "", match[0], flags=re.IGNORECASE)
    bare = re.sub(r"^www\.", "tres uve dobles.", bare, flags=re.IGNORECASE)
    return "".join(f" {_SIGNS[sign]} " if sign in _SIGNS else sign for sign in bare)
