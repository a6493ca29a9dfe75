"""Numbers and fractions, in the gender of their noun; what else is in figures is a number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from corpus.text.cardinals import Form, cardinal, counts_with_de
from corpus.text.choices import Choices
from corpus.text.figures import EITHER, NUMBER, Figure, parse_figure, spoken_whole
from corpus.text.gender import form_before, gender_of, nouns, singular
from corpus.text.ordinals import ordinal
from corpus.text.units import SYMBOLS

_VERSION = re.compile(r"(?<![\d.,])(?!\d{1,3}(?:\.\d{3})+(?!\.?\d))\d+(?:\.\d+){2,}(?![\d,])")
_RATIO = re.compile(r"(?<![\d.,:])(\d{1,3}):(\d{1,3})(?![\d.,:])")
_RANGE = re.compile(rf"(?<![\d.,-])(?P<a>{NUMBER})\s?[-–]\s?(?P<b>{NUMBER})(?!\s?[-–]?\d)")
_HYPHEN = re.compile(r"(?<=\d)[-–](?=\d)")
_FIGURES = re.compile(r"\d+")  # of a list, 1,2,3, or what nobody writes
_QUANTITY = re.compile(rf"(?P<n>{EITHER})")
_AHEAD = re.compile(r"\s?(?P<first>[^\W\d_]+)(?P<rest>(?:\s[^\W\d_]+){0,2})")
_BEFORE = re.compile(r"([^\W\d_]+)\.?\s$")
_OF_THEM = frozenset(("las", "estas", "esas", "aquellas", "nuestras", "vuestras"))
_SCALES = frozenset(("millón", "millones", "billón", "billones"))
_PHONE_LIKE = re.compile(r"[6-9]\d\d \d{3} \d{3}")
_PLAIN_POINT = re.compile(r"\d+\.\d+")
_ALTERNATIVE = re.compile(r"\s(?:[oua]|y)\s\d[\d.]*\s([a-záéíóúüñ]+)")
_LOOK_BACK = 24  # characters, more than the longest label
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


def read_numbers(text: str, choices: Choices) -> str:
    """Return the text with every number left in words, before nouns in their gender.

    `21 sillas` agrees; `la opción 21`, `el 21` and `21, 22` do not; neither does a number with
    decimals. Two numbers with a hyphen are a range where they ascend. Three numbers and more with
    points are a version or an address of a computer.
    """
    text = _VERSION.sub(lambda m: m[0].replace(".", " punto "), text)
    text = _RATIO.sub(r"\1 a \2", text)
    text = _HYPHEN.sub(" ", _RANGE.sub(lambda m: _range(m, choices), text))
    text = _QUANTITY.sub(lambda m: _quantity(m, choices), text)
    return _FIGURES.sub(lambda m: f" {spoken_whole(m[0], 'alone', choices)} ", text)


def _quantity(match: re.Match[str], choices: Choices) -> str:
    written = match["n"]
    ahead = _AHEAD.match(match.string, match.end())
    words = f"{ahead['first']}{ahead['rest']}".lower().split() if ahead else []
    form = _form(match, words, choices)
    if " " in written and not _is_one_number(written, form, words):
        return " ".join(
            f" {spoken_whole(group, 'alone', choices)} " for group in written.split(" ")
        )
    figure = parse_figure(written, choices)
    if _PLAIN_POINT.fullmatch(written) and figure.sign and not _is_measured(words):
        return f" {spoken_whole(figure.whole, 'alone', choices)} punto {_behind(figure, choices)} "
    of = " de" if _wants_de(figure, form) else ""
    return f" {figure.spoken(choices, form)}{of} "


def _form(match: re.Match[str], words: list[str], choices: Choices) -> Form:
    before = _BEFORE.search(match.string, max(0, match.start() - _LOOK_BACK), match.start())
    alternative = _ALTERNATIVE.match(match.string, match.end())
    if alternative and form_before(2, alternative[1]).startswith("feminine"):
        return "feminine"
    if not words or (before and before[1].lower() in nouns()["labels"]):
        return "alone"
    if words[0] in _SCALES:
        return "masculine"
    if words[0] == "mil":
        behind = form_before(2, *words[1:])
        return "feminine_a" if behind.startswith("feminine") else "masculine"
    number = parse_figure(match["n"], choices).whole
    if words[0] == "de" and len(words) > 1 and words[1] in _OF_THEM:
        return "feminine"
    if len(number) > 15 or (len(number) > 1 and number.startswith("0")):
        return "alone"
    return form_before(int(number), *words[:2])


def _is_one_number(written: str, form: Form, words: list[str]) -> bool:
    """Whether groups between spaces are one number: something is counted, or they are no phone."""
    if form != "alone" or (words and words[0] in ("de", "mil")):
        return True
    if words and words[0].endswith("s") and form_before(2, words[0]) != "alone":
        return True
    return not _PHONE_LIKE.fullmatch(written) and len(written) > len("1 234")


def _is_measured(words: list[str]) -> bool:
    return bool(words) and (words[0] in _SCALES or form_before(2, words[0]) != "alone")


def _behind(figure: Figure, choices: Choices) -> str:
    return spoken_whole(figure.decimals, "alone", choices)


def _wants_de(figure: Figure, form: Form) -> bool:
    is_counted = form != "alone" and figure.is_integer and len(figure.whole) <= 15
    return is_counted and counts_with_de(figure.value)


def _range(match: re.Match[str], choices: Choices) -> str:
    first, last = (parse_figure(match[side], choices) for side in ("a", "b"))
    ascends = first.value < last.value and not first.whole.startswith("0")
    return f"{match['a']} {'a ' if ascends else ''}{match['b']}"


def read_fractions(text: str, _choices: Choices) -> str:
    """Return the text with fractions as words.

    A bar between figures is a fraction where the first is smaller and the second at most 12, or
    100 or 1000. A half before a noun agrees with it (media hora); `partes` takes the feminine
    ordinal (dos terceras partes).

    References
    ----------
    Diccionario panhispánico de dudas, «fraccionarios».
    """
    return _FRACTION.sub(_fraction, text)


def _fraction(match: re.Match[str]) -> str:
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
        counted, form = (unit.one if whole == 1 else unit.many), _half(unit.feminine)
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


def _half(feminine: bool) -> Form:
    return "feminine" if feminine else "masculine"


def _spaced(word: str) -> str:
    return f" {word}" if word else ""
