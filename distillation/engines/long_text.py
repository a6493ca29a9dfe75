"""Long text for an engine: tidied, cut into pieces it can say, their sounds joined."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from corpus.audio.types import Samples
from corpus.text.chunking import chunk_by_count
from corpus.text.cleaning import clean, one_line
from distillation.engines.base import EngineError

JOIN_S = 0.25  # silence between two pieces


def tidy(text: str) -> str:
    """Return what is said of the text on one line, or raise EngineError `empty_text`."""
    text = one_line(clean(text))
    if not any(character.isalnum() for character in text):
        raise EngineError("empty_text", "There is nothing to say: the text has no letter or digit.")
    return text


def pieces(text: str, count: Callable[[str], int], limit: int) -> list[str]:
    """Cut a text into pieces that an engine speaks at once: see `chunk_by_count`.

    Parameters
    ----------
    text : str
        What `tidy` returned.
    count : callable
        Phonemes of a text; EngineError `empty_text` counts as none.
    limit : int
        Phonemes an engine speaks at once.

    Returns
    -------
    list of str
        In order, none of them with nothing to say.
    """

    def counted(part: str) -> int:
        try:
            return count(part)
        except EngineError as error:
            if error.code != "empty_text":
                raise
            return 0  # a dash that stands alone where a text is cut

    return chunk_by_count(text, counted, limit)


def joined(spoken: list[Samples], sr: int) -> Samples:
    """Return the pieces' sounds in one, a short silence between them."""
    silence = np.zeros(round(JOIN_S * sr), np.float32)
    return np.concatenate([part for y in spoken for part in (silence, y)][1:])
