"""Acronyms and words in capitals: spelled by the names of their letters, or read as words."""

from __future__ import annotations

import re
from collections.abc import Mapping

SPANISH_LETTERS: Mapping[str, str] = {
    "a": "a", "b": "be", "c": "ce", "d": "de", "e": "e", "f": "efe", "g": "ge", "h": "hache",
    "i": "i", "j": "jota", "k": "ka", "l": "ele", "m": "eme", "n": "ene", "ñ": "eñe", "o": "o",
    "p": "pe", "q": "cu", "r": "erre", "s": "ese", "t": "te", "u": "u", "v": "uve",
    "w": "uve doble", "x": "equis", "y": "i griega", "z": "zeta",
}  # fmt: skip
ENGLISH_LETTERS: Mapping[str, str] = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "eff", "g": "gee",
    "h": "aitch", "i": "eye", "j": "jay", "k": "kay", "l": "el", "m": "em", "n": "en", "o": "oh",
    "p": "pee", "q": "cue", "r": "ar", "s": "ess", "t": "tee", "u": "you", "v": "vee",
    "w": "double-you", "x": "ex", "y": "why", "z": "zee",
}  # fmt: skip
_SPANISH_ACRONYM = re.compile(r"\b[A-ZÑ]{2,5}\b")
_SPANISH_READABLE = re.compile(r"(?:[BCDFGHJKLMNÑPQRSTVWXYZ]?[AEIOU][LNRSD]?)+")
_ENGLISH_ACRONYM = re.compile(r"\b(?=[A-Z]*[B-DF-HJ-NP-TV-XZ])[A-Z]{2,4}\b")
_CAPITALS = re.compile(r"\b[^\W\d_a-z]{2,}\b")
_CONSONANT = re.compile(r"\b[B-DF-HJ-NP-TV-XZÑ]\b(?!['.]\w)")


def spell_spanish_acronyms(text: str) -> str:
    """Return the text with DNI as `de ene i`; IVA, which can be read, stays."""
    return _SPANISH_ACRONYM.sub(
        lambda m: m[0] if _SPANISH_READABLE.fullmatch(m[0]) else _spelled(m[0], SPANISH_LETTERS),
        text,
    )


def spell_english_acronyms(text: str) -> str:
    """Return the text with FBI as `eff bee eye`."""
    return _ENGLISH_ACRONYM.sub(lambda m: _spelled(m[0], ENGLISH_LETTERS), text)


def lower_capitals(text: str, letters: Mapping[str, str]) -> str:
    """Return the text without capitals to spell: words in lower case, lone consonants by name."""
    text = _CAPITALS.sub(lambda m: m[0].lower() if m[0].isupper() else m[0], text)
    return _CONSONANT.sub(lambda m: letters.get(m[0].lower(), m[0].lower()), text)


def is_shouted(text: str) -> bool:
    """Whether a text of several words is all in capitals."""
    return text.isupper() and len(_CAPITALS.findall(text)) > 1


def _spelled(acronym: str, letters: Mapping[str, str]) -> str:
    return " ".join(letters[letter] for letter in acronym.lower())
