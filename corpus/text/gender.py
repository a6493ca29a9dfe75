"""The gender of the noun behind a number: by its ending, and a file of exceptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from corpus.text.cardinals import Form

FILE = Path(__file__).with_name("nouns.es.txt")
SECTIONS = ("masculine", "feminine", "stressed a", "no gender", "not counted", "labels")

_FEMININE = re.compile(
    r".*(?:a|as|[dt]ad|[dt]ades|tud|tudes|umbres?|[cstxgn]ión|[cstxgn]iones|triz|trices|sis|itis"
    r"|eza|ez)$"
)
_MASCULINE_A = re.compile(r".*(?:gramas?|blemas?|stemas?|oramas?|ismas?|dromas?|taquimas?)$")
_VERB = re.compile(r".*(?:ó|rá|rán|aron|ieron|mente|[aei]mos)$")
_COUNTED_MOS = re.compile(r".*(?:gramos|tramos|tremos|timos|ximos|simos|nimos|nismos|ramos)$")


def form_before(number: int, *words: str) -> Form:
    """Return the form of a number before these words.

    Parameters
    ----------
    number : int
        Not negative.
    *words : str
        Up to two words that follow it, in lower case; the second counts where the first is an
        adjective without gender (`21 grandes ofertas`).

    Returns
    -------
    Form
        `alone` where no noun that agrees with the number follows: behind 1 one in the singular,
        behind others one in the plural.
    """
    lists = nouns()
    for word in words:
        if word in lists["no gender"]:
            continue
        if not _is_counted(number, word):
            return "alone"
        return gender_of(word)
    return "alone"


def gender_of(noun: str) -> Form:
    """Return `masculine`, `feminine` or `feminine_a` for a noun in lower case, singular or plural.

    Exceptions come first (`nouns.es.txt`), then the endings: feminine are -a, -dad, -tad, -tud,
    -umbre, -ción, -sión, -gión, -triz, -sis, -itis, -ez and their plurals, other nouns masculine.
    """
    lists = nouns()
    for word in (noun, singular(noun)):
        if word in lists["stressed a"]:
            return "feminine_a"
        if word in lists["masculine"]:
            return "masculine"
        if word in lists["feminine"]:
            return "feminine"
    if _MASCULINE_A.match(noun):
        return "masculine"
    return "feminine" if _FEMININE.match(noun) else "masculine"


@lru_cache(maxsize=1)
def nouns() -> Mapping[str, frozenset[str]]:
    """Return the words of each section of the file, read once."""
    found: dict[str, set[str]] = {section: set() for section in SECTIONS}
    section = ""
    for number, line in enumerate(FILE.read_text("utf-8").splitlines(), 1):
        words = line.partition("#")[0].strip()
        if words.startswith("["):
            section = words.strip("[]")
        elif words and section not in found:
            raise ValueError(f"{FILE.name}:{number}: no section {section!r}.")
        elif words:
            found[section].update(words.split())
    return {name: frozenset(words) for name, words in found.items()}


def _is_counted(number: int, word: str) -> bool:
    if word in nouns()["not counted"]:
        return False
    if _VERB.match(word) and not _COUNTED_MOS.match(word):
        return False
    return number == 1 or word.endswith("s")


def singular(noun: str) -> str:
    """Return a plural's likely singular: noches, veces, manos."""
    if noun.endswith("ces"):
        return f"{noun[:-3]}z"
    lists = nouns()
    if noun.endswith("es") and (noun[:-2] in lists["feminine"] or noun[:-2] in lists["masculine"]):
        return noun[:-2]
    return noun.removesuffix("s")
