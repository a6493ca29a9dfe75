"""E-mail and web addresses as they are dictated."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HOST = (
    r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|gob|gov|edu|cat|eus|gal|eu|es|mx|ar|co|cl|pe|uy|ec|"
    r"io|app|dev|tel)\b"
)
_ADDRESS = re.compile(
    rf"(?<![\w.+-])(?:[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://)?{_HOST}(?::\d+)?"
    r"(?:/(?:[\w/.?=&%#~-]*[\w/])?)?)",
    re.IGNORECASE,
)
_SAID: Mapping[str, str] = {
    "@": "arroba", ".": "punto", "-": "guion", "_": "guion bajo", "/": "barra", "+": "más",
    "?": "interrogación", "=": "igual", "&": "y", "%": "por ciento", "#": "almohadilla",
    "~": "virgulilla", ":": "dos puntos",
}  # fmt: skip


def read_addresses(text: str) -> str:
    """Return the text with e-mail and web addresses as words; figures in them stay figures."""
    return _ADDRESS.sub(_address, text) if "." in text else text


def _address(match: re.Match[str]) -> str:
    bare = re.sub(r"^https?://", "", match[0], flags=re.IGNORECASE)
    bare = re.sub(r"^www\.", "tres uve dobles.", bare, flags=re.IGNORECASE).rstrip("/")
    return "".join(f" {_SAID[sign]} " if sign in _SAID else sign for sign in bare)
