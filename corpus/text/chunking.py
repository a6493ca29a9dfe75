"""Where a text may be cut, and long texts in chunks of whole sentences: by count, or by length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

from corpus.text.abbreviations import KEEP_OPEN


@dataclass(frozen=True)
class Boundaries:
    """Which signs end a sentence or a clause.

    Attributes
    ----------
    closers : str
        Quotes and brackets that may stand between the last sign of a sentence and the space.
    pauses : str
        Signs behind which a clause ends.
    keeps_closers : bool
        Whether closers stay with their sentence; otherwise a cut leaves them out.
    keep_open : frozenset of str
        Abbreviations, lower case and without their dot, behind which a sentence goes on.
    """

    closers: str
    pauses: str
    keeps_closers: bool = False
    keep_open: frozenset[str] = frozenset()

    @cached_property
    def sentence_end(self) -> re.Pattern[str]:
        """What lies between two sentences: closers, and white space."""
        return re.compile(rf"(?<=[.!?…])(?P<closers>[{re.escape(self.closers)}]*)\s+")

    @cached_property
    def clause_end(self) -> re.Pattern[str]:
        """The white space between two clauses."""
        return re.compile(rf"(?<=[{re.escape(self.pauses)}])\s+")


ENGINE = Boundaries(closers="»”\"')]", pauses=",;:—")
"""Where an engine cuts what it cannot say at once."""
SERVICE = Boundaries(
    closers="»”\"')]’", pauses=",;:—–", keeps_closers=True, keep_open=KEEP_OPEN
)  # fmt: skip
"""Where the speech service cuts, to send the first sounds early."""


def split_sentences(text: str, boundaries: Boundaries) -> list[str]:
    """Return the sentences of a text, in order, without the white space between them.

    Parameters
    ----------
    text : str
        One line without white space at its ends.
    boundaries : Boundaries
        `ENGINE` or `SERVICE`.

    Returns
    -------
    list of str
        At least one; all of the text but white space, and closers where they are left out.
    """
    sentences: list[str] = []
    is_open = False
    for part in _split_at_ends(text, boundaries):
        if is_open:
            sentences[-1] += f" {part}"
        else:
            sentences.append(part)
        is_open = _is_open(sentences[-1], boundaries.keep_open)
    return sentences


def split_clauses(sentence: str, boundaries: Boundaries) -> list[str]:
    """Return the clauses of a sentence, each with the sign that ends it."""
    return boundaries.clause_end.split(sentence)


def split_words(text: str) -> list[str]:
    """Return what stands between white space."""
    return re.split(r"\s+", text)


def _split_at_ends(text: str, boundaries: Boundaries) -> list[str]:
    parts, begin = [], 0
    for end in boundaries.sentence_end.finditer(text):
        parts.append(text[begin : end.end("closers") if boundaries.keeps_closers else end.start()])
        begin = end.end()
    return [*parts, text[begin:]]


def _is_open(sentence: str, keep_open: frozenset[str]) -> bool:
    last = sentence.rsplit(" ", 1)[-1]
    return last.endswith(".") and last[:-1].lower() in keep_open


Count = Callable[[str], int]
LONGEST_WORD = 60  # characters; anything longer is cut
_SURELY_LONG = 4  # characters of one that is counted: no need to count what is longer
_CUTS: tuple[Callable[[str], list[str]], ...] = (
    partial(split_sentences, boundaries=ENGINE),
    partial(split_clauses, boundaries=ENGINE),
    split_words,
)


def chunk_by_count(text: str, count: Count, limit: int) -> list[str]:
    """Cut a text into chunks that count at most `limit`, each as long as whole sentences allow.

    Parameters
    ----------
    text : str
        One line without control characters.
    count : callable
        What a text counts, its phonemes for instance; 0 where it has nothing to say.
    limit : int
        The most a chunk may count.

    Returns
    -------
    list of str
        In order; nothing is left out but the white space between two chunks, quotes and brackets
        that close a sentence there, and a chunk with nothing to say. A sentence above the limit is
        cut at its commas, then between words.
    """
    packed: list[str] = []
    for group in _groups(list(_parts(text, count, limit, _CUTS)), count, limit):
        whole = " ".join(group)
        packed += [whole] if len(group) == 1 or count(whole) <= limit else group
    return [chunk for chunk in packed if count(chunk)] or [text]


def chunk_by_length(text: str, *, first: int, limit: int) -> list[str]:
    """Cut a text into chunks of at most `limit` characters, the first one early.

    Parameters
    ----------
    text : str
        Any; a line ends a sentence, white space is collapsed and Unicode composed (NFC).
    first : int
        Characters up to which the first chunk takes in what follows its first sentence.
    limit : int
        The most characters of a chunk.

    Returns
    -------
    list of str
        In order; no character is lost. Chunks end at a sentence where there is one, otherwise at a
        clause, otherwise at a word.
    """
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines())
    sentences = (one for line in lines if line for one in split_sentences(line, SERVICE))
    parts = (part for sentence in sentences for part in _fitting(sentence, limit))
    return _packed(parts, first=first, limit=limit)


def _parts(
    text: str, count: Count, limit: int, cuts: tuple[Callable[[str], list[str]], ...]
) -> Iterator[str]:
    """Yield what the coarsest cuts leave, each part within the limit."""
    if len(text) <= _SURELY_LONG * limit and count(text) <= limit:
        yield text
    elif cuts:
        for part in cuts[0](text):
            yield from _parts(part, count, limit, cuts[1:])
    else:
        for start in range(0, len(text), LONGEST_WORD):
            yield text[start : start + LONGEST_WORD]


def _groups(parts: list[str], count: Count, limit: int) -> Iterator[list[str]]:
    """Gather neighbours whose own counts, and a space between, sum up to the limit."""
    group: list[str] = []
    total = 0
    for part in parts:
        size = count(part) + 1
        if group and total + size > limit + 1:
            yield group
            group, total = [], 0
        group.append(part)
        total += size
    yield group


def _packed(parts: Iterable[str], *, first: int, limit: int) -> list[str]:
    """Join neighbours, a space between, to at most `limit` characters, the first to `first`."""
    packed: list[str] = []
    for part in parts:
        room = first if len(packed) == 1 else limit
        if packed and len(packed[-1]) + 1 + len(part) <= room:
            packed[-1] += f" {part}"
        else:
            packed.append(part)
    return packed


def _fitting(sentence: str, limit: int) -> list[str]:
    """Return the sentence, or its clauses, or its words, joined to at most `limit` characters."""
    if len(sentence) <= limit:
        return [sentence]
    clauses = split_clauses(sentence, SERVICE)
    parts = (part for clause in clauses for part in _halves(clause, limit))
    return _packed(parts, first=limit, limit=limit)


def _halves(clause: str, limit: int) -> Iterator[str]:
    if len(clause) <= limit:
        yield clause
        return
    cut = _middle(clause)
    yield from _halves(clause[:cut].strip(), limit)
    yield from _halves(clause[cut:].strip(), limit)


def _middle(text: str) -> int:
    """Return where to cut: the space nearest to the middle, or the middle of one long word."""
    middle = len(text) // 2
    before, after = text.rfind(" ", 0, middle), text.find(" ", middle)
    spaces = [place for place in (before, after) if place > 0]
    return min(spaces, key=lambda place: abs(place - middle)) if spaces else middle
