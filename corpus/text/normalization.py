"""Text normalization: Spanish and English as they are read aloud, dates and hours included."""

from __future__ import annotations

import re
import unicodedata

from corpus.text.abbreviations import expand_abbreviations, expand_spanish_contractions
from corpus.text.acronyms import spell_english_acronyms, spell_spanish_acronyms
from corpus.text.numbers import (
    english_number,
    rewrite_spanish_notation,
    spanish_number,
    verbalize_english_amounts,
    verbalize_english_numbers,
    verbalize_english_ordinals,
    verbalize_roman_numerals,
    verbalize_spanish_amounts,
    verbalize_spanish_fractions,
    verbalize_spanish_numbers,
    verbalize_spanish_ordinals,
)
from corpus.text.symbols import (
    ENGLISH_SIGNS,
    SPANISH_SIGNS,
    part_figures_from_letters,
    put_currency_last,
    verbalize_signs,
    verbalize_spanish_addresses,
    verbalize_spanish_signs_in_company,
)

_CLOCK = re.compile(r"\b([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:\s?h(?:oras)?\b)?")
_ANY_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b")
_HALF_DAY = re.compile(r"(?i)\b(0?[1-9]|1[0-2])(:[0-5]\d)?\s?([ap])\.?\s?m\b\.?(\s*$)?")
_DATE = re.compile(r"\b(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/(\d{4})\b")
_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre"),
    *("octubre", "noviembre", "diciembre"),
)
_DAWN, _DUSK, _NOON = 6, 8, 12  # hours of a clock of twelve

_WORD = re.compile(r"[a-zñáéíóúü]+")


def normalize_spanish(text: str) -> str:
    """Return a Spanish text with figures, dates, hours, amounts and abbreviations as words.

    Parameters
    ----------
    text : str
        Any; case and the signs that cut it stay.

    Returns
    -------
    str
        One line; acronyms that cannot be read are spelled.
    """
    text = rewrite_spanish_notation(verbalize_spanish_addresses(text))
    text = expand_spanish_contractions(verbalize_spanish_signs_in_company(text))
    text = expand_abbreviations(text, "spanish")
    text = verbalize_roman_numerals(verbalize_spanish_ordinals(text))
    text = verbalize_spanish_fractions(verbalize_spanish_times(text))
    text = verbalize_spanish_amounts(put_currency_last(text))
    return " ".join(normalize_plain_spanish(part_figures_from_letters(text)).split())


def normalize_plain_spanish(text: str) -> str:
    """Return a Spanish text with numbers, signs, titles and acronyms as words.

    The last steps of `normalize_spanish`, and all that the corpus' syllables are counted by. Case
    and punctuation stay; there may be more than one space where something was spelled.
    """
    text = expand_abbreviations(unicodedata.normalize("NFC", text), "plain")
    text = verbalize_spanish_numbers(split_clock_times(text))
    return verbalize_signs(spell_spanish_acronyms(text), SPANISH_SIGNS)


def normalize_english(text: str) -> str:
    """Return an English text with figures, hours, amounts and abbreviations as words.

    Case and punctuation stay; there may be more than one space where something was spelled.
    """
    text = verbalize_english_ordinals(expand_abbreviations(text, "english"))
    text = put_currency_last(verbalize_english_times(text))
    text = part_figures_from_letters(verbalize_english_amounts(text))
    text = verbalize_signs(verbalize_english_numbers(text), ENGLISH_SIGNS)
    return spell_english_acronyms(text)


def words(text: str) -> list[str]:
    """Split a text into the words a reader says.

    Parameters
    ----------
    text : str
        Spanish, any Unicode form; 1.500, 3,5, 10:30, 20 %, DNI, Sr. are spelled out.

    Returns
    -------
    list of str
        Lower case, letters a-z ñ á é í ó ú ü only; letters of other alphabets are dropped.
    """
    said = normalize_plain_spanish(text).lower()
    return _WORD.findall("".join(_latin(letter) for letter in said))


def _latin(letter: str) -> str:
    """Strip marks Spanish does not use (ç → c, à → a), keep those it does."""
    if letter in "ñáéíóúü":
        return letter
    return unicodedata.normalize("NFD", letter)[0]


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
