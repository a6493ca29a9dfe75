"""Text as it is read aloud: lower-case Spanish words, with figures, signs and acronyms spelled."""

from __future__ import annotations

import re
import unicodedata

from num2words import num2words

from corpus.text.abbreviations import expand_abbreviations

LETTERS = {
    **{"a": "a", "b": "be", "c": "ce", "d": "de", "e": "e", "f": "efe", "g": "ge", "h": "hache"},
    **{"i": "i", "j": "jota", "k": "ka", "l": "ele", "m": "eme", "n": "ene", "ñ": "eñe", "o": "o"},
    **{"p": "pe", "q": "cu", "r": "erre", "s": "ese", "t": "te", "u": "u", "v": "uve"},
    **{"w": "uve doble", "x": "equis", "y": "i griega", "z": "zeta"},
}
_SIGNS = {
    "%": " por ciento ",
    "€": " euros ",
    "$": " dólares ",
    "&": " y ",
    "+": " más ",
    "@": " arroba ",
}
_CLOCK_RE = re.compile(r"\b(\d{1,2}):(\d{2})\b")
FIGURE_RE = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:,\d+)?")
_ACRONYM_RE = re.compile(r"\b[A-ZÑ]{2,5}\b")
_READABLE_RE = re.compile(r"(?:[BCDFGHJKLMNÑPQRSTVWXYZ]?[AEIOU][LNRSD]?)+")
_WORD_RE = re.compile(r"[a-zñáéíóúü]+")
_MAX_DIGITS = 15


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
    return _WORD_RE.findall("".join(_latin(letter) for letter in spelled(text).lower()))


def spelled(text: str) -> str:
    """Return a Spanish text with figures, signs, abbreviations and acronyms as words.

    Case and punctuation stay; there may be more than one space where something was spelled.
    """
    text = unicodedata.normalize("NFC", text)
    text = expand_abbreviations(text, "plain")
    text = _CLOCK_RE.sub(lambda m: f"{m[1]} {m[2]}" if int(m[2]) else m[1], text)
    text = FIGURE_RE.sub(lambda m: f" {figure(m[0])} ", text)
    text = _ACRONYM_RE.sub(_acronym, text)
    for sign, spoken in _SIGNS.items():
        text = text.replace(sign, spoken)
    return text


def figure(written: str) -> str:
    """Return a number as it is said: 1.500, 3,5; figure by figure if long or led by a zero."""
    whole, _, decimals = written.replace(".", "").partition(",")
    if len(whole) > _MAX_DIGITS or (len(whole) > 1 and whole.startswith("0")):
        spoken = " ".join(num2words(int(digit), lang="es") for digit in whole)
    else:
        spoken = str(num2words(int(whole), lang="es"))
        spoken = spoken.replace("veintiuno mil", "veintiún mil").replace("uno mil", "un mil")
    if decimals:
        spoken += " coma " + " ".join(num2words(int(digit), lang="es") for digit in decimals)
    return str(spoken)


def _acronym(match: re.Match[str]) -> str:
    if _READABLE_RE.fullmatch(match[0]):
        return match[0]
    return " ".join(LETTERS[letter] for letter in match[0].lower())


def _latin(letter: str) -> str:
    """Strip marks Spanish does not use (ç → c, à → a), keep those it does."""
    if letter in "ñáéíóúü":
        return letter
    return unicodedata.normalize("NFD", letter)[0]
