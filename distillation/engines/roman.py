"""Roman numerals of Spanish: rulers, whom streets are named after, centuries, chapters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from num2words import num2words

_VALUES: Mapping[str, int] = {"X": 10, "V": 5, "I": 1}
_NUMERAL = r"(X{0,3}(?:IX|IV|V?I{0,3}))(?<=[XVI])\b(?!\.\s?[A-ZÁÉÍÓÚÑ])"  # no initial
_PLACE = re.compile(rf"\b((?i:siglo|capítulo|tomo|volumen|título|fase|nivel|tipo))\s{_NUMERAL}")
_KINGS = "Alfonso|Carlos|Felipe|Fernando|Jaime|Juan Carlos|Juan Pablo|Pedro"
_QUEENS = "Isabel|Juana"
_RULER = re.compile(rf"\b(?:({_KINGS})|({_QUEENS}))\s{_NUMERAL}")
_ORDINALS = 10  # the last ruler that has one


def roman_said(text: str) -> str:
    """Return the text with I to XXXIX behind a ruler, century or the like as words."""
    text = _PLACE.sub(lambda m: f"{m[1]} {_cardinal(_value(m[2]))}", text)
    return _RULER.sub(_ruler, text)


def _ruler(match: re.Match[str]) -> str:
    king, queen, numeral = match.groups()
    number = _value(numeral)
    if number > _ORDINALS:
        return f"{king or queen} {_cardinal(number)}"
    ordinal: str = num2words(number, lang="es", to="ordinal")
    return f"{queen} {re.sub('o$', 'a', ordinal)}" if queen else f"{king} {ordinal}"


def _cardinal(number: int) -> str:
    return str(num2words(number, lang="es"))


def _value(numeral: str) -> int:
    values = [_VALUES[letter] for letter in numeral]
    after = [*values[1:], 0]
    return sum(-one if one < behind else one for one, behind in zip(values, after, strict=True))
