"""Text in, pieces of whole sentences out: a voice speaks one at a time and may stop between."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from corpus.text.abbreviations import KEEP_OPEN

FIRST_CHARS = 40  # the first piece is short: its sound is what the caller waits for
PIECE_CHARS = 200
_SENTENCE = re.compile(r"(?<=[.!?…])(?P<close>[\"'»”’)\]]*)\s+")
_CLAUSE = re.compile(r"(?<=[,;:—–])\s+")


def pieces(text: str) -> list[str]:
    """Return the text as pieces of at most about `PIECE_CHARS` characters, in order.

    Pieces end at a sentence where there is one, else at a clause, else at a word. Whitespace is
    collapsed and Unicode composed (NFC); no other character is lost. How many phonemes an engine
    takes at once is the engine's business.
    """
    parts = [part for sentence in _sentences(text) for part in _fit(sentence)]
    joined: list[str] = []
    for part in parts:
        limit = FIRST_CHARS if len(joined) == 1 else PIECE_CHARS
        if joined and len(joined[-1]) + 1 + len(part) <= limit:
            joined[-1] += f" {part}"
        else:
            joined.append(part)
    return joined


def _sentences(text: str) -> Iterator[str]:
    for line in unicodedata.normalize("NFC", text).splitlines():
        sentence = ""
        for part in _SENTENCE.sub(r"\g<close>\n", " ".join(line.split())).split("\n"):
            sentence = f"{sentence} {part}".strip()
            if not _abbreviated(sentence):
                yield from filter(None, [sentence])
                sentence = ""
        yield from filter(None, [sentence])


def _abbreviated(sentence: str) -> bool:
    last = sentence.rsplit(" ", 1)[-1]
    return last.endswith(".") and last[:-1].lower() in KEEP_OPEN


def _fit(sentence: str) -> Iterator[str]:
    """Yield the sentence, or its clauses, or its words, joined to at most `PIECE_CHARS`."""
    if len(sentence) <= PIECE_CHARS:
        yield sentence
        return
    piece = ""
    for clause in _CLAUSE.split(sentence):
        for part in _halves(clause):
            if piece and len(piece) + 1 + len(part) > PIECE_CHARS:
                yield piece
                piece = ""
            piece = f"{piece} {part}".strip()
    yield piece


def _halves(clause: str) -> Iterator[str]:
    if len(clause) <= PIECE_CHARS:
        yield clause
        return
    cut = _middle(clause)
    yield from _halves(clause[:cut].strip())
    yield from _halves(clause[cut:].strip())


def _middle(text: str) -> int:
    """Return where to cut: the space nearest to the middle, or the middle of one long word."""
    middle = len(text) // 2
    before, after = text.rfind(" ", 0, middle), text.find(" ", middle)
    spaces = [place for place in (before, after) if place > 0]
    return min(spaces, key=lambda place: abs(place - middle)) if spaces else middle
