"""A text as F5 shall read it: figures, abbreviations and capitals as words, signs kept (es, en)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import partial

from num2words import num2words

from corpus.text.abbreviations import expand_abbreviations
from corpus.text.spanish import spanish_words
from corpus.text.spelling import LETTERS
from corpus.text.text_units import EDGE, SIGN_FIRST, Unit
from distillation.engines.base import EngineError
from distillation.engines.long_text import tidy

_KEPT = frozenset(".,;:!?¡¿'-…\"() ")
_SAME = str.maketrans("“”«»‘’—–", '""""\'\',,')
_CAPITALS = re.compile(r"\b[^\W\d_a-z]{2,}\b")
_CONSONANT = re.compile(r"\b[B-DF-HJ-NP-TV-XZÑ]\b(?!['.]\w)")
_END = re.compile(r"[.!?…][\"')]*$")
_EN_UNITS = (
    Unit(r"€|euros?", "euro", "euros"),
    Unit(r"\$|dollars?", "dollar", "dollars"),
    Unit(r"£|pounds?", "pound", "pounds"),
    Unit(r"h|hours?", "hour", "hours"),
    Unit(r"min|minutes?", "minute", "minutes"),
    Unit(r"km", "kilometer", "kilometers"),
    Unit(r"kg", "kilo", "kilos"),
    Unit(r"GB", "gigabyte", "gigabytes"),
    Unit(r"MB", "megabyte", "megabytes"),
)
_EN_LETTERS: Mapping[str, str] = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "eff", "g": "gee",
    "h": "aitch", "i": "eye", "j": "jay", "k": "kay", "l": "el", "m": "em", "n": "en", "o": "oh",
    "p": "pee", "q": "cue", "r": "ar", "s": "ess", "t": "tee", "u": "you", "v": "vee",
    "w": "double-you", "x": "ex", "y": "why", "z": "zee",
}  # fmt: skip
_EN_SIGNS: Mapping[str, str] = {"%": " percent ", "&": " and ", "+": " plus ", "@": " at "}
_EN_FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_LONG = 15  # figures; what is longer is said figure by figure


def read_aloud(text: str, lang: str = "es") -> str:
    """Return what a reader says, for an engine that knows letters only.

    Parameters
    ----------
    text : str
        Any Unicode; control characters and line ends count as spaces.
    lang : str
        `es` or `en`: of figures, abbreviations, and the names of letters.

    Returns
    -------
    str
        One line of letters and ``.,;:!?¡¿'-…"()``: no figure, no word in capitals, a sign at
        its end.

    Raises
    ------
    EngineError
        `empty_text`; `bad_option`: another language.
    """
    if lang not in _SPELLED:
        raise EngineError("bad_option", f"lang: {' or '.join(_SPELLED)}, not {lang!r}.")
    text = unicodedata.normalize("NFC", tidy(text)).translate(_SAME)
    shouted = text.isupper() and len(_CAPITALS.findall(text)) > 1
    said = _SPELLED[lang](text.capitalize() if shouted else text)
    kept = "".join(sign if sign.isalpha() or sign in _KEPT else " " for sign in said)
    kept = re.sub(r" +([.,;:!?…)])", r"\1", tidy(kept))
    kept = re.sub(r"([(¿¡]) +", r"\1", kept)
    return kept if _END.search(kept) else kept.rstrip(" ,;:-") + "."


def _spanish(text: str) -> str:
    return _lowered(spanish_words(text), LETTERS)


def _english(text: str) -> str:
    text = expand_abbreviations(text, "english")
    text = re.sub(r"\b(\d{1,4})(?:st|nd|rd|th)\b", _en_ordinal, text)
    text = re.sub(r"\b(\d{1,2}):(\d\d)\b", _en_clock, text)
    text = SIGN_FIRST.sub(r"\2 \1", text)
    for unit in _EN_UNITS:
        counted = rf"(?<!\d)({_EN_FIGURE.pattern})\s?(?:{unit.written})(?!\w)"
        text = re.sub(counted, partial(_en_counted, unit), text)
    text = _EN_FIGURE.sub(lambda m: f" {_en_number(m[0])} ", EDGE.sub(" ", text))
    for sign, said in _EN_SIGNS.items():
        text = text.replace(sign, said)
    acronym = r"\b(?=[A-Z]*[B-DF-HJ-NP-TV-XZ])[A-Z]{2,4}\b"
    text = re.sub(acronym, lambda m: " ".join(_EN_LETTERS[one] for one in m[0].lower()), text)
    return _lowered(text, _EN_LETTERS)


def _en_ordinal(match: re.Match[str]) -> str:
    return str(num2words(int(match[1]), lang="en", to="ordinal"))


def _en_clock(match: re.Match[str]) -> str:
    hour, minute = _en_number(match[1]), int(match[2])
    return f"{hour} {'oh ' if 0 < minute < 10 else ''}{_en_number(match[2]) if minute else ''}"


def _en_counted(unit: Unit, match: re.Match[str]) -> str:
    return f" {_en_number(match[1])} {unit.one if match[1] == '1' else unit.many}"


def _en_number(written: str) -> str:
    whole, _, decimals = written.replace(",", "").partition(".")
    each = len(whole) > _LONG or (len(whole) > 2 and whole.startswith("0"))
    said = _en_figures(whole) if each else str(num2words(int(whole), lang="en")).replace(",", "")
    return said + (f" point {_en_figures(decimals)}" if decimals else "")


def _en_figures(digits: str) -> str:
    return " ".join(num2words(int(digit), lang="en") for digit in digits)


def _lowered(text: str, letters: Mapping[str, str]) -> str:
    """Return the text without capitals that F5 would spell: words in small, consonants named."""
    text = _CAPITALS.sub(lambda m: m[0].lower() if m[0].isupper() else m[0], text)
    return _CONSONANT.sub(lambda m: letters.get(m[0].lower(), m[0].lower()), text)


_SPELLED = {"es": _spanish, "en": _english}
LANGUAGES = tuple(_SPELLED)
