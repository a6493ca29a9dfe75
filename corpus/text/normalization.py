"""The reader of Spanish: a text as it is read aloud, for every engine and for counting."""

from __future__ import annotations

import re
import unicodedata

from corpus.text.abbreviations import expand_abbreviations, expand_spanish_contractions
from corpus.text.acronyms import read_acronyms
from corpus.text.choices import Choices, configured_choices
from corpus.text.cleaning import clean, one_line
from corpus.text.dates import read_dates, read_hours, read_weekdays
from corpus.text.identifiers import read_identifiers, read_mixed
from corpus.text.lexicon import read_lexicon_words
from corpus.text.measures import read_measures, read_negatives
from corpus.text.money import read_money, read_rates
from corpus.text.ordinals import read_ordinals, read_roman_numerals
from corpus.text.quantities import read_fractions, read_numbers
from corpus.text.symbols import (
    SPANISH_SIGNS,
    drop_signs_left_over,
    part_figures_from_letters,
    read_addresses,
    read_signs_in_company,
    read_slashes,
    verbalize_signs,
)

_WITH_FIGURES = (
    read_dates,
    read_hours,
    read_identifiers,
    read_ordinals,
    read_fractions,
    read_money,
    read_measures,
)
"""What reads figures by what stands around them, the surest first."""
_FIGURE = re.compile(r"[\d¼½¾⅐-⅞]")
_WORD = re.compile(r"[a-zñáéíóúü]+")
_BEFORE_SIGN = re.compile(r"(?<=[^\s.,;:!?…]) +(?=[.,;:!?…)\]»”](?:\s|$))")
_BEHIND_OPENING = re.compile(r"(?<=[(¿¡\[«“]) +")
_DECIMALS_OF_ALL_SCRIPTS = re.compile(r"[^\W\D]")


def normalize_spanish(text: str, choices: Choices | None = None) -> str:
    """Return a Spanish text in words: no figures, abbreviations, acronyms to spell or markup.

    Parameters
    ----------
    text : str
        Any Unicode.
    choices : Choices, optional
        What is ambiguous, and a lexicon; by default those of the environment.

    Returns
    -------
    str
        One line, composed (NFC); signs that cut a sentence stay. A text in words comes back as it
        is, but for words of the lexicon.

    Notes
    -----
    docs/text.md lists the kinds, their rules, and the choices.
    """
    choices = choices or configured_choices()
    text = read_addresses(one_line(clean(text)))
    text = expand_spanish_contractions(read_signs_in_company(read_lexicon_words(text, choices)))
    text = read_weekdays(text)
    if _FIGURE.search(text):
        text = _read_figures(_in_ascii(text), choices)
    text = read_roman_numerals(expand_abbreviations(text, "spanish"), choices)
    if "/" in text:
        text = read_slashes(read_rates(text, choices), choices)
    if _FIGURE.search(text):
        text = read_mixed(text, choices)
        text = read_numbers(part_figures_from_letters(text), choices)
    text = read_acronyms(drop_signs_left_over(text))
    text = " ".join(verbalize_signs(text, SPANISH_SIGNS).split())
    return _BEHIND_OPENING.sub("", _BEFORE_SIGN.sub("", text))


def words(text: str) -> list[str]:
    """Split a text into the words a reader says.

    Parameters
    ----------
    text : str
        Spanish, any Unicode form; what is no word is read by `normalize_spanish`.

    Returns
    -------
    list of str
        Lower case, letters a-z ñ á é í ó ú ü only; letters of other alphabets are dropped.
    """
    said = normalize_spanish(text).lower()
    return _WORD.findall("".join(_latin(letter) for letter in said))


def _read_figures(text: str, choices: Choices) -> str:
    text = read_negatives(text)
    for read in _WITH_FIGURES:
        text = read(text, choices)
    return text


def _in_ascii(text: str) -> str:
    """Return the text with figures of other scripts as ours."""
    return _DECIMALS_OF_ALL_SCRIPTS.sub(lambda m: str(unicodedata.decimal(m[0])), text)


def _latin(letter: str) -> str:
    """Strip marks Spanish does not use (ç → c, à → a), keep those it does."""
    if letter in "ñáéíóúü":
        return letter
    return unicodedata.normalize("NFD", letter)[0]
