"""English as it is read aloud."""

from __future__ import annotations

import re
from functools import partial

from num2words import num2words

from corpus.text.abbreviations import expand_abbreviations
from corpus.text.acronyms import is_shouted, spell_english_acronyms
from corpus.text.cleaning import clean, one_line
from corpus.text.symbols import (
    ENGLISH_SIGNS,
    part_figures_from_letters,
    put_currency_last,
    verbalize_signs,
)

_UNITS = (
    (r"€|euros?", "euro", "euros"),
    (r"\$|dollars?", "dollar", "dollars"),
    (r"£|pounds?", "pound", "pounds"),
    (r"h|hours?", "hour", "hours"),
    (r"min|minutes?", "minute", "minutes"),
    (r"km", "kilometer", "kilometers"),
    (r"kg", "kilo", "kilos"),
    (r"GB", "gigabyte", "gigabytes"),
    (r"MB", "megabyte", "megabytes"),
)
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_ORDINAL = re.compile(r"\b(\d{1,4})(?:st|nd|rd|th)\b")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b")
_MOST_DIGITS = 15


def normalize_english(text: str) -> str:
    """Return an English text with figures, hours, amounts and abbreviations as words.

    Case and punctuation stay, but a text all in capitals has them at its beginning only; there may
    be more than one space where something was spelled.
    """
    text = one_line(clean(text))
    text = expand_abbreviations(text.capitalize() if is_shouted(text) else text, "english")
    text = _ORDINAL.sub(lambda m: str(num2words(int(m[1]), lang="en", to="ordinal")), text)
    text = put_currency_last(_CLOCK.sub(_clock, text))
    for written, one, many in _UNITS:
        counted = rf"(?<!\d)({_NUMBER.pattern})\s?(?:{written})(?!\w)"
        text = re.sub(counted, partial(_amount, one, many), text)
    text = _NUMBER.sub(lambda m: f" {english_number(m[0])} ", part_figures_from_letters(text))
    return spell_english_acronyms(verbalize_signs(text, ENGLISH_SIGNS))


def english_number(written: str) -> str:
    """Return a number as it is said: 1,500, 3.5; digit by digit if long or led by a zero."""
    whole, _, decimals = written.replace(",", "").partition(".")
    if len(whole) > _MOST_DIGITS or (len(whole) > 2 and whole.startswith("0")):
        said = _digits(whole)
    else:
        said = str(num2words(int(whole), lang="en")).replace(",", "")
    return said + (f" point {_digits(decimals)}" if decimals else "")


def _digits(written: str) -> str:
    return " ".join(num2words(int(digit), lang="en") for digit in written)


def _amount(one: str, many: str, match: re.Match[str]) -> str:
    return f" {english_number(match[1])} {one if match[1] == '1' else many}"


def _clock(match: re.Match[str]) -> str:
    hour, minute = english_number(match[1]), int(match[2])
    return f"{hour} {'oh ' if 0 < minute < 10 else ''}{english_number(match[2]) if minute else ''}"
