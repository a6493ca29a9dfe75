"""Roman numerals of Spanish: rulers, whom streets are named after, centuries, chapters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from num2words import num2words

_VALUES: Mapping[str, int] = {"X": 10, "V": 5, "I": 1}
_NUMERAL = r"(X{0,3}(?:IX|IV|V?I{0,3}))(?<=[XVI])\b(?!\.\s?[A-ZÁÉÍÓÚÑ])"  # no initial
_PLACE = re.compile(
    rf"\b((?i:siglo|capítulo|tomo|volumen|título|fase|nivel|tipo|anexo))\s{_NUMERAL}"
)
_KINGS = "Alfonso|Carlos|Enrique|Felipe|Fernando|Jaime|Juan Carlos|Juan Pablo|Luis|Pedro|Pío"
_QUEENS = "Isabel|Juana"
_NAME = r"[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+(?=\s[XVI]{2})"  # whoever else is counted
_RULER = re.compile(rf"\b(?:({_KINGS})|({_QUEENS})|({_NAME}))\s{_NUMERAL}")
_ORDINALS = 10  # the last ruler that has one


def verbalize_roman_numerals(text: str) -> str:
    """Return the text with I to XXXIX behind a ruler, century or the like as words."""
    text = _PLACE.sub(lambda m: f"{m[1]} {_cardinal(_value(m[2]))}", text)
    return _RULER.sub(_ruler, text)


def _ruler(match: re.Match[str]) -> str:
    king, queen, other, numeral = match.groups()
    number, name = _value(numeral), king or queen or other
    if other or number > _ORDINALS:
        return f"{name} {_cardinal(number)}"
    ordinal: str = num2words(number, lang="es", to="ordinal")
    return f"{name} {re.sub('o$', 'a', ordinal) if queen else ordinal}"


def _cardinal(number: int) -> str:
    return str(num2words(number, lang="es"))


def _value(numeral: str) -> int:
    values = [_VALUES[letter] for letter in numeral]
    after = [*values[1:], 0]
    return sum(-one if one < behind else one for one, behind in zip(values, after, strict=True))
