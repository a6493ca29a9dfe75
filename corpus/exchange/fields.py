"""Validation of the values of each key of the exchange format."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from corpus.text.cleaning import composed
from corpus.translatable import gettext_noop

MAX_TEXT = 400
_MAX_PATH = 250
_MAX_SPEAKER = 120
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}")


KINDS = {
    bool: gettext_noop("true or false"),
    dict: gettext_noop("an object"),
    float: gettext_noop("a number"),
    list: gettext_noop("an array"),
    str: gettext_noop("a string"),
    type(None): "null",
}


class Problem(ValueError):
    """An invalid value; the message says what is expected."""

    def __init__(self, message: str, **params: str) -> None:
        super().__init__(message)
        self.message, self.params = message, params


@dataclass(frozen=True)
class Known:
    """Existing styles and lists; lists None accepts any."""

    styles: frozenset[str]
    lists: frozenset[str] | None


@dataclass(frozen=True)
class Field:
    """How to validate a key: converter, whether it is required, and the set of known names."""

    convert: Callable[[Any], Any]
    required: bool = True
    among: Literal["styles", "lists"] | None = None

    def check(self, value: Any, known: Known) -> Any:
        """Return the validated value; raise Problem if it is invalid."""
        checked = self.convert(value)
        if self.among and checked is not None:
            _member(checked, getattr(known, self.among))
        return checked


def _member(name: str, known: frozenset[str] | None) -> None:
    if known is not None and name not in known:
        message = gettext_noop("there is no “%(found)s”; there are %(known)s")
        raise Problem(message, found=name, known=", ".join(sorted(known)) or "—")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Problem(gettext_noop("a string is wanted, not %(found)s"), found=_name(value))
    value = composed(value)
    if not value.strip():
        raise Problem(gettext_noop("must not be empty"))
    for letter in value:
        if unicodedata.category(letter) in ("Cc", "Cs"):
            message = gettext_noop("holds the control character %(code)s: remove it")
            raise Problem(message, code=f"U+{ord(letter):04X}")
    return value


def _name(value: Any) -> str:
    return KINDS.get(type(value), KINDS[float])


def _slug(value: Any) -> str:
    text = _string(value)
    if not _SLUG.fullmatch(text):
        raise Problem(gettext_noop("1 to 50 letters a-z, digits, - and _ are wanted"))
    return text


def _text(value: Any) -> str:
    text = _string(value)
    if text != text.strip():
        raise Problem(gettext_noop("remove the spaces around it"))
    if len(text) > MAX_TEXT:
        message = gettext_noop("%(length)s characters; at most %(most)s can be one sentence")
        raise Problem(message, length=str(len(text)), most=str(MAX_TEXT))
    if not any(letter.isalnum() for letter in text):
        raise Problem(gettext_noop("holds no word to say"))
    return text


def _style(value: Any) -> str | None:
    return None if value is None else _string(value)


def _path(value: Any) -> str:
    _string(value)
    text: str = value  # as it is on the disk, in whatever Unicode form
    path = PurePosixPath(text)
    outside = path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text
    if outside or len(text) > _MAX_PATH:
        message = gettext_noop("“%(found)s” is not a relative path inside the file's folder")
        raise Problem(message, found=text[:_MAX_PATH])
    return text


def _number(value: Any, low: float, high: float = math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Problem(gettext_noop("a number is wanted, not %(found)s"), found=_name(value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not (math.isfinite(number) and low <= number <= high):
        wanted = f"{low:g}-{high:g}" if math.isfinite(high) else f"≥ {low:g}"
        message = gettext_noop("%(found)s is out of range: %(wanted)s is wanted")
        raise Problem(message, found=f"{number:g}", wanted=wanted)
    return number


def _speaker(value: Any) -> str | None:
    found = None if value is None else _string(value)
    if found and len(found) > _MAX_SPEAKER:
        message = gettext_noop("%(length)s characters; at most %(most)s can name a speaker")
        raise Problem(message, length=str(len(found)), most=str(_MAX_SPEAKER))
    return found


def _duration(value: Any) -> float:
    number = _number(value, 0.0)
    if not number:
        raise Problem(gettext_noop("must be more than 0 seconds"))
    return number


def _quality(value: Any) -> float | None:
    return None if value is None else _number(value, 0.0, 1.0)


def _measure(value: Any) -> float | None:
    return None if value is None else _number(value, 0.0)


def _object(value: Any) -> Any:
    if value is not None and not isinstance(value, dict):
        raise Problem(
            gettext_noop("an object or null is wanted, not %(found)s"), found=_name(value)
        )
    return value


PROSODY_FIELDS = {name: Field(_measure) for name in ("pitch_mean", "energy_std", "speech_rate")}
RECORDING_FIELDS = {
    "path": Field(_path),
    "duration_seconds": Field(_duration),
    "quality_score": Field(_quality),
    "prosody": Field(_object),
    "speaker": Field(_speaker, required=False),
}
FIELDS = {
    "sentence_id": Field(_slug),
    "text": Field(_text),
    "list": Field(_slug, among="lists"),
    "style_label": Field(_style, required=False, among="styles"),
    "recording": Field(_object, required=False),
}
