"""Text normalization: Spanish and English as they are read aloud, step by step."""

from __future__ import annotations

import re
import unicodedata

from corpus.text.abbreviations import expand_abbreviations, expand_spanish_contractions
from corpus.text.acronyms import spell_english_acronyms, spell_spanish_acronyms
from corpus.text.numbers import (
    rewrite_spanish_notation,
    verbalize_english_amounts,
    verbalize_english_numbers,
    verbalize_english_ordinals,
    verbalize_spanish_amounts,
    verbalize_spanish_fractions,
    verbalize_spanish_numbers,
    verbalize_spanish_ordinals,
)
from corpus.text.roman_numerals import verbalize_roman_numerals
from corpus.text.symbols import (
    ENGLISH_SIGNS,
    SPANISH_SIGNS,
    part_figures_from_letters,
    put_currency_last,
    verbalize_signs,
    verbalize_spanish_addresses,
    verbalize_spanish_signs_in_company,
)
from corpus.text.times import (
    split_clock_times,
    verbalize_english_times,
    verbalize_spanish_times,
)

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
