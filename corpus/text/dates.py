"""Dates: 5-11-2026, 05.11.26, 2026-11-27, 5 nov. 2026, el 5/11; days of the week, lun.-vie."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.text.cardinals import cardinal
from corpus.text.choices import Choices

MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
    "octubre", "noviembre", "diciembre",
)  # fmt: skip
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SHORT_MONTHS: Mapping[str, str] = {
    **{month[:3]: month for month in MONTHS}, "sept": "septiembre", "set": "septiembre",
}  # fmt: skip
_DAYS: Mapping[str, str] = {
    "l": "lunes", "m": "martes", "x": "miércoles", "j": "jueves", "v": "viernes", "s": "sábado",
    "d": "domingo", "lun": "lunes", "mar": "martes", "mié": "miércoles", "mie": "miércoles",
    "jue": "jueves", "vie": "viernes", "sáb": "sábado", "sab": "sábado", "dom": "domingo",
}  # fmt: skip
_PIVOT = 69  # 69-99 are years of the last century, as in POSIX

_NUMERIC = re.compile(
    r"(?<![\w.,/-])(?P<a>\d{1,2})(?P<sign>[-/.])(?P<b>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2})"
    r"(?![\w/-]|[.,]\d)"
)
_ISO = re.compile(
    r"(?<![\w.,/-])(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d\d)(?P=sign)(?P<day>\d\d)"
    r"(?:T(?=\d)|(?![\w/-]|[.,]\d))"
)
_NAMED = re.compile(
    r"(?<![\w.,/-])(?P<day>\d{1,2})(?P<mark>\.?[º°])?(?P<join>[-/ ]|\sde\s)"
    rf"(?P<month>(?i:{'|'.join(sorted({*_SHORT_MONTHS, *MONTHS}, key=len, reverse=True))}))\b"
    r"(?P<dot>\.(?=\s?[-/,;)]|\s(?:\d|del?\b|[a-záéíóúñ])))?"
    r"(?:(?P<second>[-/ ]|\sdel?\s)(?P<year>\d{4}|(?<=[-/])\d{2})(?!\w))?"
)
_SHORT = re.compile(
    r"\b(?P<cue>(?i:el|del|al|día|días|hasta|desde|antes\sdel))\s"
    r"(?P<day>\d{1,2})/(?P<month>\d{1,2})(?![\w/%]|[.,]\d|\s?(?:%|partes?\b))"
)
_DAY_RANGE = re.compile(
    rf"(?<![\w.,/-])(\d{{1,2}})\s?[-–]\s?(?=\d{{1,2}}\sde\s(?:{'|'.join(MONTHS)})\b)"
)
_DAY = "lun|mar|mi[ée]|jue|vie|s[áa]b|dom"
_WEEK_RANGE = re.compile(
    rf"\b(?:(?P<a>(?i:{_DAY}))\.?\s?(?:[-–/]|\sa\s|a\s)\s?(?P<b>(?i:{_DAY}))\b(?:\.(?!\s*$))?"
    r"|(?P<c>[LMXJVSD])\s?(?:-|–|a)\s?(?P<d>[MXJVSD]))(?!\w)"
)
_WEEKDAY = re.compile(rf"(?<!\d\s)\b(?P<day>(?i:{_DAY}))\.(?=,?\s\d)")

_SURELY_A_DAY = re.compile(r"\b(?i:(lun|mi[ée]|jue|vie|s[áa]b|dom))\.(?=[,;:]?\s[a-záéíóúñ\d])")


def read_dates(text: str, choices: Choices) -> str:
    """Return the text with dates as words: day, month by its name, year.

    Day, month and year stand between hyphens, bars or points, in this order or year first (ISO
    8601); the month may be a name or its abbreviation. What no calendar has (31-2-2026) stays. A
    year of two digits is one between 1969 and 2068. Day and month alone are a date behind `el`,
    `día` and the like; elsewhere 1/2 is a fraction.
    """
    text = _DAY_RANGE.sub(r"\1 al ", text)
    text = _ISO.sub(lambda m: _iso(m, choices), text)
    text = _NUMERIC.sub(lambda m: _numeric(m, choices), text)
    text = _NAMED.sub(lambda m: _named(m, choices), text)
    return _SHORT.sub(lambda m: _without_year(m, choices), text)


def read_weekdays(text: str) -> str:
    """Return the text with lun.-vie., L-V, sáb. before a figure, as days of the week."""
    text = _WEEKDAY.sub(lambda m: _DAYS[m["day"].lower()], _WEEK_RANGE.sub(_week, text))
    return _SURELY_A_DAY.sub(lambda m: _DAYS[m[1].lower()], text)


def date_words(day: int, month: int, year: str, choices: Choices) -> str:
    """Return a date in words; year as written, may be empty."""
    first = day == 1 and choices.first_day == "primero"
    said = f"{'primero' if first else cardinal(day)} de {MONTHS[month - 1]}"
    return f"{said} de {cardinal(_full_year(year))}" if year else said


def is_date(day: int, month: int) -> bool:
    """Whether some year has this day."""
    return 1 <= month <= len(_LENGTHS) and 1 <= day <= _LENGTHS[month - 1]


def _full_year(year: str) -> int:
    if len(year) != 2:
        return int(year)
    return int(year) + (2000 if int(year) < _PIVOT else 1900)


def _iso(match: re.Match[str], choices: Choices) -> str:
    day, month = int(match["day"]), int(match["month"])
    if not is_date(day, month):
        return match[0]
    return date_words(day, month, match["year"], choices) + (", " if match[0][-1] == "T" else "")


def _numeric(match: re.Match[str], choices: Choices) -> str:
    orders = [(int(match["a"]), int(match["b"])), (int(match["b"]), int(match["a"]))]
    if choices.day_first == "no":
        orders.reverse()
    for day, month in orders if match["sign"] == "/" else orders[:1]:
        if is_date(day, month):
            return date_words(day, month, match["year"], choices)
    return match[0]


def _named(match: re.Match[str], choices: Choices) -> str:
    written = match["month"].lower()
    month = MONTHS.index(_SHORT_MONTHS.get(written, written)) + 1
    spaced = match["join"] == " "
    if spaced and written not in MONTHS and not (match["dot"] or match["year"]):
        return match[0]
    if not is_date(int(match["day"]), month):
        return match[0]
    said = date_words(int(match["day"]), month, match["year"] or "", choices)
    return said.replace("uno", "primero", 1) if match["mark"] and said.startswith("uno ") else said


def _without_year(match: re.Match[str], choices: Choices) -> str:
    day, month = int(match["day"]), int(match["month"])
    around_the_clock = (match["day"], match["month"]) == ("24", "7")
    if not is_date(day, month) or (around_the_clock and "día" not in match["cue"].lower()):
        return match[0]
    return f"{match['cue']} {date_words(day, month, '', choices)}"


def _week(match: re.Match[str]) -> str:
    first, last = match["a"] or match["c"], match["b"] or match["d"]
    return f"{_DAYS[first.lower()]} a {_DAYS[last.lower()]}"
