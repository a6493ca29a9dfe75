"""Where a written text may be cut: at the ends of sentences, at clauses, at white space."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

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
