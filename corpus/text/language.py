"""The language of a text, by its letters (`py3langid`)."""

from __future__ import annotations

from collections.abc import Iterable

LEAST_LETTERS = 60  # shorter texts are guessed wrong too often: 3 of our 127 sentences


def language_of(texts: Iterable[str]) -> str:
    """Return the ISO 639-1 code of the language of some texts, taken together; empty if too short.

    Parameters
    ----------
    texts : iterable of str
        In one language.

    References
    ----------
    Lui and Baldwin, "langid.py: An Off-the-shelf Language Identification Tool", ACL 2012.
    """
    together = " ".join(texts)
    if sum(map(str.isalpha, together)) < LEAST_LETTERS:
        return ""
    import py3langid

    return str(py3langid.classify(together)[0])
