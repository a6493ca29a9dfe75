"""How many spoken words each written word of a text has: "21 €" has two, "veintiún euros"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

Read = Callable[[str], str]
LONGEST = 8  # written words that may be read together, as "16.30 a 20.00 h"

_LETTER = re.compile(r"\w")
_NOT_SAID = re.compile(r"\W+")
_LEADING = "$£¿¡«([“#+"  # a sign that stands alone before what it belongs to


class Written(NamedTuple):
    """Written words that are read together, and how many words are said for them."""

    text: str
    spoken: int


def align_words(text: str, read: Read) -> list[Written]:
    """Return the words of a text, each with the number of words that are said for it.

    Parameters
    ----------
    text : str
        One line.
    read : callable
        Returns a text as it is read aloud, in words (`normalize_spanish`).

    Returns
    -------
    list of Written
        In order; their texts, joined by spaces, are the text without its surplus spaces, and
        their counts add up to `len(spoken_words(read(text)))`. Punctuation stays with its word,
        and a sign with its number. Words that are only together read as they are in the text
        ("21 €": veintiún euros, and not veintiuno) are one.
    """
    written, said = _written(text), spoken_words(read(text))
    found: list[Written] = []
    while written:
        taken, count = _next(written, said, read)
        part = Written(" ".join(written[:taken]), count)
        if found and not count:
            found[-1] = Written(f"{found[-1].text} {part.text}", found[-1].spoken)
        else:
            found.append(part)
        written, said = written[taken:], said[count:]
    return found


def spoken_words(read: str) -> list[str]:
    """Return the words of a text that was read: what has a letter, without its punctuation."""
    return [_bare(word) for word in read.split() if _LETTER.search(word)]


def _bare(word: str) -> str:
    return _NOT_SAID.sub("", word).lower()


def _written(text: str) -> list[str]:
    """Return the written words; a sign that stands alone goes with a neighbour."""
    found: list[str] = []
    leading = ""
    for word in text.split():
        if _LETTER.search(word):
            found.append(leading + word)
            leading = ""
        elif word in _LEADING or not found:
            leading += f"{word} "
        else:
            found[-1] += f" {word}"
    if leading and found:
        found[-1] += f" {leading.strip()}"
    return found


def _next(written: list[str], said: list[str], read: Read) -> tuple[int, int]:
    """Return how many written words come next, and how many spoken ones they are."""
    if len(written) == 1:
        return 1, len(said)
    if said and _bare(written[0]) == said[0]:
        return 1, 1
    for taken, count in _candidates(written, said, read):
        if spoken_words(read(" ".join(written[taken:]))) == said[count:]:
            return _without_unchanged(written, said, taken, count)
    return _up_to_unchanged(written, said)


def _candidates(written: list[str], said: list[str], read: Read) -> Iterator[tuple[int, int]]:
    for taken in range(1, min(LONGEST, len(written)) + 1):
        alone = spoken_words(read(" ".join(written[:taken])))
        if alone == said[: len(alone)]:
            yield taken, len(alone)


def _without_unchanged(
    written: list[str], said: list[str], taken: int, count: int
) -> tuple[int, int]:
    """Leave out the last words that are said as they are written: "1 mensaje", "un mensaje"."""
    while taken > 1 and count > 1 and _bare(written[taken - 1]) == said[count - 1]:
        taken, count = taken - 1, count - 1
    return taken, count


def _up_to_unchanged(written: list[str], said: list[str]) -> tuple[int, int]:
    """Return what comes before the next word that is said as it is written."""
    for taken in range(1, len(written)):
        same = _bare(written[taken])
        if same in said[1:]:
            return taken, said.index(same, 1)
    return len(written), len(said)
