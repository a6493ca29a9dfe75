"""Where a text may be cut: behind its sentences, its clauses, its words."""

from __future__ import annotations

import re

from corpus.text.abbreviations import keeps_open

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
