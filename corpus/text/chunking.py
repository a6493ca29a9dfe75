"""Where a text may be cut, and long texts in chunks: by count, or by length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from corpus.text.abbreviations import keeps_open
from corpus.text.cleaning import clean

_CLOSERS = "»”\"')\\]’"  # may stand between the last sign of a sentence and the space
_SENTENCE_END = re.compile(rf"(?<=[.!?…])[{_CLOSERS}]*(?P<space>\s+)")
_CLAUSE_END = re.compile(r"(?<=[,;:—–])\s+")


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text, in order, without the white space between them.

    Parameters
    ----------
    text : str
        One line without white space at its ends.

    Returns
    -------
    list of str
        At least one; all of the text but white space. None ends behind an abbreviation, except
        where one that may end a sentence stands before what begins another (etc. Gracias).
    """
    sentences, begin = [], 0
    for end in _SENTENCE_END.finditer(text):
        if not keeps_open(text[begin : end.start("space")], text[end.end() : end.end() + 4]):
            sentences.append(text[begin : end.start("space")])
            begin = end.end()
    return [*sentences, text[begin:]]


def split_clauses(sentence: str) -> list[str]:
    """Return the clauses of a sentence, each with the sign that ends it."""
    return _CLAUSE_END.split(sentence)


def split_words(text: str) -> list[str]:
    """Return what stands between white space."""
    return re.split(r"\s+", text)


Count = Callable[[str], int]
LONGEST_WORD = 60  # characters; anything longer is cut
_SURELY_LONG = 4  # characters of one that is counted: no need to count what is longer
_CUTS: tuple[Callable[[str], list[str]], ...] = (
    split_sentences,
    split_clauses,
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
        In order; nothing is left out but the white space between two chunks, and a chunk with
        nothing to say. A sentence above the limit is cut at its commas, then between words.
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
        Any; it is cleaned (`corpus.text.cleaning`), a line ends a sentence, white space is
        collapsed.
    first : int
        Characters up to which the first chunk takes in what follows its first sentence.
    limit : int
        The most characters of a chunk.

    Returns
    -------
    list of str
        In order; nothing that is said is lost. Chunks end at a sentence where there is one,
        otherwise at a clause, otherwise at a word.
    """
    lines = (" ".join(line.split()) for line in (clean(text).strip() or text).splitlines())
    sentences = (one for line in lines if line for one in split_sentences(line))
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
    clauses = split_clauses(sentence)
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
