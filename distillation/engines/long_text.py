"""Long text for an engine: tidied, cut at sentences into pieces, their sounds joined."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from corpus.audio.types import Samples
from distillation.engines.base import EngineError

_SENTENCE = re.compile(r"(?<=[.!?…])[»”\"')\]]*\s+")
_CLAUSE = re.compile(r"(?<=[,;:—])\s+")
_WORD = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]+")
JOIN_S = 0.25  # silence between two pieces
_SURELY_LONG = 4  # characters a phoneme: no need to count what is longer
LONGEST_WORD = 60  # characters; what is longer is no word and is cut


def tidy(text: str) -> str:
    """Return the text on one line without control characters, or raise EngineError `empty_text`."""
    text = " ".join(_CONTROL.sub(" ", text).split())
    if not any(character.isalnum() for character in text):
        raise EngineError("empty_text", "There is nothing to say: the text has no letter or digit.")
    return text


def pieces(text: str, count: Callable[[str], int], limit: int) -> list[str]:
    """Cut a text into pieces of at most `limit` phonemes, each as long as whole sentences allow.

    Parameters
    ----------
    text : str
        What `tidy` returned.
    count : callable
        Phonemes of a text.
    limit : int
        Phonemes an engine speaks at once.

    Returns
    -------
    list of str
        In order; nothing is left out but the white space between two pieces, and a piece with
        nothing to say. A sentence above the limit is cut at its commas, then between words.
    """
    counted = partial(_counted, count)
    parts = list(_parts(text, counted, limit, (_SENTENCE, _CLAUSE, _WORD)))
    packed: list[str] = []
    for group in _grouped(parts, counted, limit):
        whole = " ".join(group)
        packed += [whole] if len(group) == 1 or counted(whole) <= limit else group
    return [piece for piece in packed if counted(piece)] or [text]


def _counted(count: Callable[[str], int], part: str) -> int:
    """Return 0 for a part with nothing to say: a dash that stands alone where a text is cut."""
    try:
        return count(part)
    except EngineError as error:
        if error.code != "empty_text":
            raise
        return 0


def _grouped(parts: list[str], count: Callable[[str], int], limit: int) -> Iterator[list[str]]:
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


def joined(spoken: list[Samples], sr: int) -> Samples:
    """Return the pieces' sounds in one, a short silence between them."""
    silence = np.zeros(round(JOIN_S * sr), np.float32)
    return np.concatenate([part for y in spoken for part in (silence, y)][1:])


def _parts(
    text: str, count: Callable[[str], int], limit: int, cuts: tuple[re.Pattern[str], ...]
) -> Iterator[str]:
    """Yield what the coarsest cuts leave, each part within the limit."""
    if len(text) <= _SURELY_LONG * limit and count(text) <= limit:
        yield text
    elif cuts:
        for part in cuts[0].split(text):
            yield from _parts(part, count, limit, cuts[1:])
    else:
        for start in range(0, len(text), LONGEST_WORD):
            yield text[start : start + LONGEST_WORD]
