"""Dates, days of the week and hours: 5-11-2026, el 5/11, lun.-vie., 16.30 a 20.00 h, las 21."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.text.cardinals import cardinal, digits
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
_H = r"(?:[01]?\d|2[0-4])"
_TIME = rf"{_H}[:.][0-5]\d"
_AN_H = r"(?:\s?(?:h(?:r?s)?|horas?)\b)"
_BETWEEN = r"(?:\s?[-–]\s?|\s(?:a|y|hasta)\s(?:las?\s)?)"
_LEFT = r"(?<![\d.,:/])"

_POINTS = (
    re.compile(rf"{_LEFT}({_H})\.([0-5]\d)(?={_AN_H})"),
    re.compile(rf"{_LEFT}({_H})\.([0-5]\d)(?={_BETWEEN}{_TIME}{_AN_H})"),
    re.compile(rf"(?<=\b[Ll]as\s)({_H})\.([0-5]\d)(?!\.?\d)"),
    re.compile(r"(?<=\b[Ll]a\s)(0?1)\.([0-5]\d)(?!\.?\d)"),
    re.compile(rf"{_LEFT}({_H})\.([0-5]\d)(?=\s?[ap]\.?\s?m\b)"),
    re.compile(r"(?<=:\d\d-)(\d\d?)\.([0-5]\d)(?![\d.])"),
    re.compile(r"(?<=:\d\d a )(\d\d?)\.([0-5]\d)(?![\d.])"),
)
_LETTER = re.compile(rf"{_LEFT}({_H})h([0-5]\d)(?![\d:])")
_RANGE = re.compile(rf"({_LEFT}{_H}:[0-5]\d{_AN_H}?)\s?[-–]\s?(?={_H}(?::[0-5]\d|{_AN_H}))")
_BARE_RANGE = re.compile(rf"{_LEFT}({_H})\s?[-–]\s?(?={_H}(?::[0-5]\d)?{_AN_H})")
_HALF_DAY = re.compile(
    r"(?<![\d.,:])(?P<h>0?[1-9]|1[0-2])(?::(?P<m>[0-5]\d))?\s?(?P<half>[aApP])\.?\s?[mM]\b\.?(?P<end>\s*$)?"
)
_NOON = re.compile(r"(?<=\b[Ll]as\s)12(?::00)?\s?m\.(?P<end>\s*$)?")
_CLOCK = re.compile(
    rf"{_LEFT}(?P<h>{_H}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?![\d:])(?P<sign>{_AN_H})?"
    r"(?P<part>(?=\sde\sla\s(?:tarde|noche|mañana|madrugada)))?"
)
_FEMININE = re.compile(
    r"\b(?P<article>[Ll]as|[Uu]nas|[Ee]stas|[Ee]sas)\s(?P<n>21|31)(?![\d:/%]|[.,]\d|\.?[ºª]|\s?hs?\b)"
)
_ONE = re.compile(
    r"\b(?P<cue>(?:[Aa]|de|desde|hasta|sobre|es|hacia|para|ser[áí]a?)\sla)\s1(?![\d:/%\w]|[.,]\d|\.?[ºª]|\.[a-z])|"
    r"\b(?P<bare>[Ll]a)\s1(?=\s(?:de\sla\s(?:tarde|noche|mañana|madrugada)|y\s|menos\s))"
)
_DAWN, _DUSK = 6, 8


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


def read_hours(text: str, choices: Choices) -> str:
    """Return the text with hours as words.

    Minutes follow a colon, or a point where `h`, `las` or the other end of a range tells. An
    hour with no minutes says `horas` where it is written with `h`, and at midnight.

    References
    ----------
    Ortografía de la lengua española (2010), VIII, 5.1: models of 12 and of 24 hours.
    """
    for pattern in _POINTS:
        text = pattern.sub(r"\1:\2", text)
    text = _BARE_RANGE.sub(r"\1 a ", _RANGE.sub(r"\1 a ", _LETTER.sub(r"\1:\2", text)))
    text = _NOON.sub(lambda m: f"doce del mediodía{'.' if m['end'] is not None else ''}", text)
    text = _HALF_DAY.sub(_half_day, text)
    text = _CLOCK.sub(lambda m: _clock(m, choices), text)
    text = _ONE.sub(lambda m: f"{m['cue'] or m['bare']} una", text)
    return _FEMININE.sub(lambda m: f"{m['article']} {cardinal(int(m['n']), 'feminine')}", text)


def _clock(match: re.Match[str], choices: Choices) -> str:
    hour, minute = int(match["h"]), int(match["m"])
    if match["s"]:
        return _to_the_second(hour, minute, int(match["s"]))
    if match["part"] is not None:
        return f"{_hour(hour)}{_minutes(match['m'])}"
    if choices.clock == "12":
        return _of_twelve(hour, minute)
    if minute:
        return f"{_hour(hour)}{_minutes(match['m'])}"
    named = hour != 1 and (match["sign"] or hour % 24 == 0)
    return f"{_hour(hour)} horas" if named else _hour(hour)


def _half_day(match: re.Match[str]) -> str:
    hour, morning = int(match["h"]), match["half"] in "aA"
    if hour == 12:
        part = "de la noche" if morning else "del mediodía"
    elif morning:
        part = "de la madrugada" if hour < _DAWN else "de la mañana"
    else:
        part = "de la tarde" if hour < _DUSK else "de la noche"
    minutes = _minutes(match["m"]) if match["m"] and int(match["m"]) else ""
    return f"{_hour(hour)}{minutes} {part}{'.' if match['end'] is not None else ''}"


def _of_twelve(hour: int, minute: int) -> str:
    if minute == 45:
        return f"{_hour(hour % 12 + 1)} menos cuarto {_part_of_day(hour)}"
    said = {0: "", 15: " y cuarto", 30: " y media"}.get(minute, f" y {cardinal(minute)}")
    return f"{_hour(hour % 12 or 12)}{said} {_part_of_day(hour)}"


def _part_of_day(hour: int) -> str:
    if hour == 12:
        return "del mediodía"
    if hour % 24 == 0:
        return "de la noche"
    parts = ((6, "de la madrugada"), (12, "de la mañana"), (20, "de la tarde"))
    return next((part for end, part in parts if hour < end), "de la noche")


def _to_the_second(hour: int, minute: int, second: int) -> str:
    counted = ((hour, "hora", "feminine"), (minute, "minuto", "masculine"),
               (second, "segundo", "masculine"))  # fmt: skip
    said = (
        f"{cardinal(number, form)} {name}{'' if number == 1 else 's'}"
        for number, name, form in counted
    )
    return " ".join(said)


def _hour(hour: int) -> str:
    return cardinal(hour, "feminine")


def _minutes(written: str) -> str:
    return f" {digits(written) if written.startswith('0') else cardinal(int(written))}"
