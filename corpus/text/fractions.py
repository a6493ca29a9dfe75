"""Fractions: ½, 3/4, 2 ½ horas, 2/3 partes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from corpus.text.cardinals import Form, cardinal
from corpus.text.choices import Choices
from corpus.text.gender import form_before, gender_of, singular
from corpus.text.ordinals import ordinal
from corpus.text.units import SYMBOLS

_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_SYMBOL = "|".join(sorted(map(re.escape, SYMBOLS), key=len, reverse=True))
_FRACTION = re.compile(
    rf"(?<![\d/.,])(?:(?P<whole>\d{{1,3}})\s?(?P<mixed>[{_VULGAR}])|(?P<w2>\d{{1,3}})\s(?P<a2>\d)/(?P<b2>\d{{1,2}})"
    rf"|(?P<vulgar>[{_VULGAR}])|(?P<a>\d{{1,2}})[/⁄](?P<b>10{{1,3}}|\d{{1,2}}))(?![\d/⁄]|[.,]\d)"
    rf"(?:\s?(?P<unit>{_SYMBOL})(?![\w²³]))?(?P<noun>\s[a-záéíóúñ]+)?"
)
_NAMES: Mapping[int, str] = {2: "medio", 3: "tercio"}
_MOST = 12
"""The largest denominator that a bar between figures makes a fraction of, but 100 and 1000."""


def read_fractions(text: str, _choices: Choices) -> str:
    """Return the text with fractions as words.

    A bar between figures is a fraction where the first is smaller and the second at most 12, or
    100 or 1000. A half before a noun agrees with it (media hora); `partes` takes the feminine
    ordinal (dos terceras partes).

    References
    ----------
    Diccionario panhispánico de dudas, «fraccionarios».
    """
    return _FRACTION.sub(_read, text)


def _read(match: re.Match[str]) -> str:
    whole = match["whole"] or match["w2"]
    vulgar = match["mixed"] or match["vulgar"]
    top, bottom = _vulgar(vulgar) if vulgar else (int(match["a"] or match["a2"]),
                                                  int(match["b"] or match["b2"]))  # fmt: skip
    if not vulgar and not _is_fraction(top, bottom):
        return match[0]
    noun = (match["noun"] or "").strip()
    if whole:
        return _mixed(int(whole), top, bottom, match["unit"], noun)
    unit = SYMBOLS.get(match["unit"] or "")
    if unit:
        half = "media" if unit.feminine else "medio"
        if (top, bottom) == (1, 2):
            return f" {half} {unit.one}{_spaced(noun)}"
        return f" {fraction_words(top, bottom)} de {unit.one}{_spaced(noun)}"
    return _before_noun(top, bottom, noun)


def fraction_words(top: int, bottom: int) -> str:
    """Return a fraction as a noun: un medio, dos tercios, tres cuartos, un doceavo."""
    name = _denominator(bottom)
    return f"{cardinal(top, 'masculine')} {name if top == 1 else f'{name}s'}"


def _denominator(bottom: int) -> str:
    if bottom in _NAMES:
        return _NAMES[bottom]
    if bottom <= 10 or bottom in (100, 1000):
        return ordinal(bottom) if bottom != 1000 else "milésimo"
    said = cardinal(bottom)
    return f"{said}avo" if not said.endswith("a") else f"{said}vo"


def _is_fraction(top: int, bottom: int) -> bool:
    return 0 < top < bottom and (bottom <= _MOST or bottom in (100, 1000))


def _vulgar(sign: str) -> tuple[int, int]:
    top, _, bottom = unicodedata.normalize("NFKC", sign).partition("\u2044")
    return int(top), int(bottom)


def _mixed(whole: int, top: int, bottom: int, symbol: str | None, noun: str) -> str:
    """Return dos y medio; with a unit or a noun, dos horas y media."""
    unit = SYMBOLS.get(symbol or "")
    if unit:
        counted, form = (unit.one if whole == 1 else unit.many), _form(unit.feminine)
    else:
        form = form_before(2 if noun.endswith("s") else 1, noun) if noun else "alone"
        counted = (singular(noun) if whole == 1 else noun) if form != "alone" else ""
    number = cardinal(whole, form if counted else "alone")
    half = "media" if counted and form == "feminine" else "medio"
    part = half if (top, bottom) == (1, 2) else fraction_words(top, bottom)
    said = f" {number} {counted} y {part}" if counted else f" {number} y {part}"
    return said if counted and not unit else said + _spaced(noun)


def _before_noun(top: int, bottom: int, noun: str) -> str:
    if noun in ("parte", "partes"):
        return f" {cardinal(top, 'feminine')} {ordinal(bottom, 'a' if top == 1 else 'as')} {noun}"
    if (top, bottom) == (1, 2) and noun and form_before(1, noun) != "alone":
        return f" {'media' if gender_of(noun).startswith('feminine') else 'medio'} {noun}"
    if noun.endswith("s") and form_before(2, noun) != "alone":
        return f" {top} o {bottom} {noun}"
    return f" {fraction_words(top, bottom)}{_spaced(noun)}"


def _form(feminine: bool) -> Form:
    return "feminine" if feminine else "masculine"


def _spaced(word: str) -> str:
    return f" {word}" if word else ""
