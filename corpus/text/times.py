"""Dates and hours of the clock as words, Spanish and English."""

from __future__ import annotations

import re

from corpus.text.numbers import english_number, spanish_number

_CLOCK = re.compile(r"\b([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:\s?h(?:oras)?\b)?")
_ANY_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b")
_HALF_DAY = re.compile(r"(?i)\b(0?[1-9]|1[0-2])(:[0-5]\d)?\s?([ap])\.?\s?m\b\.?(\s*$)?")
_DATE = re.compile(r"\b(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/(\d{4})\b")
_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre"),
    *("octubre", "noviembre", "diciembre"),
)
_DAWN, _DUSK, _NOON = 6, 8, 12  # hours of a clock of twelve


def verbalize_spanish_times(text: str) -> str:
    """Return the text with hours as words (of 9 a. m. its half of the day), months by name."""
    text = _HALF_DAY.sub(_spanish_half_day, text)
    text = _DATE.sub(lambda m: f"{int(m[1])} de {_MONTHS[int(m[2]) - 1]} de {m[3]}", text)
    return _CLOCK.sub(_spanish_clock, text)


def split_clock_times(text: str) -> str:
    """Return the text with 10:30 as two numbers, 9:00 as one."""
    return _ANY_CLOCK.sub(lambda m: f"{m[1]} {m[2]}" if int(m[2]) else m[1], text)


def verbalize_english_times(text: str) -> str:
    """Return the text with hours and minutes as words."""
    return _ANY_CLOCK.sub(_english_clock, text)


def _spanish_half_day(match: re.Match[str]) -> str:
    hour, minutes, morning = int(match[1]), match[2] or "", match[3].lower() == "a"
    if hour == _NOON:
        part = "de la noche" if morning else "del mediodía"
    elif morning:
        part = "de la madrugada" if hour < _DAWN else "de la mañana"
    else:
        part = "de la tarde" if hour < _DUSK else "de la noche"
    said = "una" if hour == 1 and not minutes else hour
    return f"{said}{minutes} {part}{'.' if match[4] is not None else ''}"


def _spanish_clock(match: re.Match[str]) -> str:
    """Return an hour as it is read: `la una treinta`, `las veintiuna`."""
    hour = re.sub(r"uno$", "una", spanish_number(str(int(match[1]))))
    return f"{hour} {spanish_number(match[2]) if int(match[2]) else ''}".rstrip()


def _english_clock(match: re.Match[str]) -> str:
    hour, minute = english_number(match[1]), int(match[2])
    return f"{hour} {'oh ' if 0 < minute < 10 else ''}{english_number(match[2]) if minute else ''}"
