"""Finds the style that the `instructions` of a request name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Words for our styles beside their own names; without accents, beginnings of words.
STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "neutral": ("neutr",),
    "amable": ("amab", "calid", "cercan", "cordial", "friendly", "warm", "welcoming", "cheerful"),
    "empatico": ("empat", "comprensiv", "compasiv", "sympathetic", "compassionate", "soothing"),
    "profesional": ("profes", "formal", "serio", "seria", "businesslike"),
}
_NEGATIONS = ("no", "sin", "nada", "not", "without", "don't", "never", "menos", "less")


def named_style(instructions: str, styles: Iterable[str]) -> str | None:
    """Return the one style that the instructions name; None if they name none, or several.

    Parameters
    ----------
    instructions : str
        In Spanish or English, as a client sends them.
    styles : iterable of str
        The styles there are.
    """
    words = re.findall(r"[\w']+", _plain(instructions))
    found = {style for style in styles if _is_named(style, words)}
    return found.pop() if len(found) == 1 else None


def _is_named(style: str, words: list[str]) -> bool:
    plain = _plain(style)
    stems = STYLE_WORDS.get(plain, ())
    return any(
        (word == plain or word.startswith(stems)) and not _is_negated(words[:index])
        for index, word in enumerate(words)
    )


def _is_negated(before: list[str]) -> bool:
    return any(word in _NEGATIONS for word in before[-3:])


def _plain(text: str) -> str:
    """Return the text in lower case without accents."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(sign for sign in decomposed if unicodedata.category(sign) != "Mn")
