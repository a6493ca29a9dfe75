"""How the tables of kinds are checked: the words of a text, under the default choices or others."""

from dataclasses import replace

from corpus.text.choices import DEFAULT
from corpus.text.normalization import normalize_spanish


def said(written: str, **choices: str) -> str:
    """Return what a text says, under the default choices but these."""
    return normalize_spanish(written, replace(DEFAULT, **choices))
