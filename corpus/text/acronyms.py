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

_DOTTED = re.compile(r"(?<![\w.])(?:[A-ZÑ]\.\s?){2,}(?<!\s)(?P<end>\s*$)?")
_IN_CAPITALS = re.compile(r"(?<![^\W\d_])[A-ZÁÉÍÓÚÜÑ]{2,}s?(?![^\W\d_])")
_LONGEST = 5  # longer ones are words, or have no vowel
_ONSET = r"(?:[PBFGCK][LR]|[TD]R|CH|LL|QU(?=[EI])|[BCDFGHJKLMNÑPQRSTVWXYZ])"
_INNER = r"(?:NS|BS|RS|[LNRSDZXMBPCGTY])"
_FINAL = r"[LNRSDZXYMKFCTBPG]"
_READABLE = re.compile(rf"(?:{_ONSET}?[AEIOU]{{1,3}}{_INNER}?)*{_ONSET}?[AEIOU]{{1,3}}{_FINAL}?")
_SHORT_WORDS = (
    "AL", "AY", "DA", "DE", "DI", "EL", "EN", "ES", "FE", "HA", "HE", "IR", "LA", "LE", "LO",
    "ME", "MI", "NI", "NO", "OH", "OS", "SE", "SI", "SU", "TE", "TU", "UN", "VA", "VE", "VI",
    "YA", "YO",
)  # fmt: skip
_ENGLISH_ACRONYM = re.compile(r"\b(?=[A-Z]*[B-DF-HJ-NP-TV-XZ])[A-Z]{2,4}\b")
_CAPITALS = re.compile(r"\b[^\W\d_a-z]{2,}\b")
_CONSONANT = re.compile(r"\b[B-DF-HJ-NP-TV-XZÑ]\b(?!['.]\w)")


def read_acronyms(text: str) -> str:
    """Return the text without capitals to spell: DNI as `de ene i`, IVA and GRATIS as words.

    A word in capitals is read where it has the syllables of a Spanish word, an accent, or more than
    five letters and a vowel; of two letters only the Spanish words are (NO, SÍ). Others are
    spelled, as the Ortografía (V, 3.3) has it for acronyms; so is a single consonant. Points
    between the letters and an -s of the plural are left out. The lexicon was asked before.
    """
    text = _DOTTED.sub(_without_dots, text)
    text = _IN_CAPITALS.sub(lambda m: _read(m[0]), text)
    return _CONSONANT.sub(lambda m: SPANISH_LETTERS[m[0].lower()], text)


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


def is_word(capitals: str) -> bool:
    """Whether a word in capitals is read rather than spelled."""
    if re.search(r"[ÁÉÍÓÚÜ]", capitals):
        return True
    if len(capitals) == 2:
        return capitals in _SHORT_WORDS
    if len(capitals) > _LONGEST:
        return bool(re.search(r"[AEIOU]", capitals))
    return bool(_READABLE.fullmatch(capitals)) and bool(re.search(r"[^AEIOU]", capitals))


def _read(written: str) -> str:
    capitals = written.removesuffix("s")
    if len(capitals) < 2:  # Ls
        return written
    return written.lower() if is_word(capitals) else _spelled(capitals, SPANISH_LETTERS)


def _spelled(acronym: str, letters: Mapping[str, str]) -> str:
    return " ".join(letters[letter] for letter in acronym.lower())


def _without_dots(match: re.Match[str]) -> str:
    ends = match["end"] is not None
    return re.sub(r"[.\s]", "", match[0]) + ("." if ends else "")
