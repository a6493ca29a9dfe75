"""Hours and ranges of hours: 16.30 a 20.00 h, 8:00-15:00, 9 a. m., las 21, 2:05:30."""

from __future__ import annotations

import re

from corpus.text.cardinals import cardinal, digits
from corpus.text.choices import Choices

_H = r"(?:[01]?\d|2[0-4])"
_TIME = rf"{_H}[:.][0-5]\d"
_AN_H = r"(?:\s?(?:hs?|horas?)\b)"
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
