"""Rule-based Spanish grapheme-to-phoneme conversion and syllable count."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from corpus.text.normalization import words

Variety = Literal["castilian", "american"]

VOWELS = ("a", "e", "i", "o", "u")
INVENTORY: tuple[str, ...] = (
    *VOWELS,
    *(
        "p",
        "b",
        "t",
        "d",
        "k",
        "ɡ",
        "f",
        "θ",
        "s",
        "x",
        "tʃ",
        "ʝ",
        "m",
        "n",
        "ɲ",
        "l",
        "ʎ",
        "ɾ",
        "r",
    ),
)
MERGERS = {"θ": "s", "ʎ": "ʝ"}
"""Phonemes that American Spanish says as another (seseo, yeísmo)."""

_RULES: tuple[tuple[str, str], ...] = (
    (r"^y$", "i"),
    (r"^[pgmc](?=[snt])", ""),
    (r"^hi(?=[aeoáéó])", "ʝ"),
    (r"(?<=^mé)x(?=ic)|(?<=^me)x(?=ic)|(?<=^te)x(?=a[sn])|(?<=^oa)x(?=a[cq])", "x"),
    (r"ch", "tʃ"),
    (r"c(?=[eiéí])|z", "θ"),
    (r"qu(?=[eiéí])|[ckq]", "k"),
    (r"g(?=[eiéí])|j", "x"),
    (r"gu(?=[eiéí])|g", "ɡ"),
    (r"h", ""),
    (r"ll", "ʎ"),
    (r"rr|^r|(?<=[nls])r", "r"),
    (r"r", "ɾ"),
    (r"^x", "s"),
    (r"x", "k s"),
    (r"y(?=[aeiouáéíóú])", "ʝ"),
    (r"[aá]", "a"),
    (r"[eé]", "e"),
    (r"[iíy]", "i"),
    (r"[oó]", "o"),
    (r"[uúüw]", "u"),
    (r"[bv]", "b"),
    (r"ñ", "ɲ"),
    *((letter, letter) for letter in "dflmnpst"),
)
_SCANNER = re.compile("|".join(f"({pattern})" for pattern, _ in _RULES))
_SOUNDS = tuple(tuple(sound.split()) for _, sound in _RULES)

_STRONG = frozenset("aeoáéó")
_WEAK_STRESSED = frozenset("íú")
_SILENT_U = re.compile(r"(?<=q)u|(?<=g)u(?=[eiéí])|h")
_VOWEL_RUN = re.compile(r"[aeiouáéíóúüw]+(?:y$)?|^y$")


def phonemes(text: str, *, variety: Variety = "castilian") -> list[str]:
    """Transcribe a Spanish text phonemically, word by word.

    Parameters
    ----------
    text : str
        Spanish text; figures and signs are read out (see `corpus.text.normalization.words`).
    variety : {"castilian", "american"}
        `castilian` keeps /θ/ and /ʎ/ apart; `american` merges them into /s/ and /ʝ/.

    Returns
    -------
    list of str
        Phonemes of `INVENTORY`, without stress or word breaks. Glides count as /i/ and /u/,
        allophones ([β], [ð], [ŋ] …) as their phonemes, word-final y as /i/, `hi` before a
        stressed vowel letter at a word's start as /ʝ/.

    Notes
    -----
    Inventory and rules after RAE & ASALE, *Nueva gramática de la lengua española: fonética y
    fonología* (2011). Loan words are read as if they were Spanish.
    """
    found = [phoneme for word in words(text) for phoneme in _transcribe(word)]
    if variety == "american":
        return [MERGERS.get(phoneme, phoneme) for phoneme in found]
    return found


def syllables(text: str) -> int:
    """Count the syllables of a Spanish text, word by word (no synaloepha).

    Diphthongs and triphthongs are one syllable; two strong vowels, or a strong one beside an
    accented í or ú, are two; h between vowels changes nothing (`ahí` 2, `prohibir` 2).
    """
    return sum(_nuclei(word) for word in words(text))


@lru_cache(maxsize=4096)
def _transcribe(word: str) -> tuple[str, ...]:
    found: list[str] = []
    for match in _SCANNER.finditer(word):
        found += _SOUNDS[(match.lastindex or 1) - 1]
    return tuple(found)


@lru_cache(maxsize=4096)
def _nuclei(word: str) -> int:
    runs = _VOWEL_RUN.findall(_SILENT_U.sub("", word))
    return max(1, sum(_nuclei_of_run(run) for run in runs))


def _nuclei_of_run(run: str) -> int:
    """Count the syllable nuclei of vowel letters in a row."""
    count, has_strong, previous = 1, run[0] in _STRONG, run[0]
    for letter in run[1:]:
        strong = letter in _STRONG
        if (strong and has_strong) or _hiatus(previous, letter):
            count, has_strong = count + 1, False
        has_strong, previous = has_strong or strong, letter
    return count


def _hiatus(left: str, right: str) -> bool:
    """Whether an accented í or ú is next to a strong vowel, or a vowel is doubled."""
    if left in _STRONG:
        return right in _WEAK_STRESSED
    if right in _STRONG:
        return left in _WEAK_STRESSED
    return left == right
