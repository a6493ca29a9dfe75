"""Slashes between words: Sr./Sra., y/o, cliente/a, lunes/martes; and between figures."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.text.choices import Choices

_ENDING = re.compile(r"(?<![\w/])(?P<word>[^\W\d_]{3,})/(?P<ending>as?|os?|es)(?![\w/])")
_AND_OR = re.compile(r"\b([Yy])\s?/\s?([oó])\b")
_CHOICE = re.compile(r"(?<=[^\W\d_])(?P<dot>\.?)\s?/\s?(?=[^\W\d_]{2,}|[A-Z]\b)")
_BETWEEN_FIGURES = re.compile(r"(?<=\d)\s?/\s?(?=\d)")
_AROUND_THE_CLOCK = re.compile(r"(?<![\d/])24/7(?![\d/])")
_ANY = re.compile(r"\s*/\s*")
_SAID: Mapping[str, str] = {"o": " o ", "barra": " barra ", "pause": ", "}
_PLAIN = str.maketrans("áéíóú", "aeiou")


def read_slashes(text: str, choices: Choices) -> str:
    """Return the text without slashes.

    Between words a slash is `o` (before o, `u`), since it stands between alternatives
    (Ortografía, III, 3.4.10 «barra»); `cliente/a` gives both words; `y/o` is read as it stands;
    between figures it is `barra`.
    """
    text = _AND_OR.sub(r"\1 \2", _AROUND_THE_CLOCK.sub("24 7", text))
    text = _ENDING.sub(_both, text)
    text = _CHOICE.sub(lambda m: _alternative(m, choices), text)
    text = _BETWEEN_FIGURES.sub(" barra ", text)
    return _ANY.sub(" ", text)


def _alternative(match: re.Match[str], choices: Choices) -> str:
    said = _SAID[choices.slash]
    follows = match.string[match.end() : match.end() + 2].lower()
    if said == " o " and follows.startswith(("o", "ho", "ó", "hó")):
        said = " u "
    return match["dot"] + said


def _both(match: re.Match[str]) -> str:
    """Return querido o querida, señor o señora, clientes o clientas, francés o francesa."""
    word, ending = match["word"], match["ending"]
    if ending == "es":
        return f"{word} o {_unstressed(word)}es"
    plural = ending.endswith("s") and word.endswith("s") and not word.endswith("és")
    stem = word.removesuffix("s") if plural else word
    stem = stem[:-1] if stem[-1] in "oae" else _unstressed(stem)
    if plural and word.endswith("es") and stem.endswith(("or", "er")):
        stem = stem.removesuffix("e")
    joint = " u " if stem.lower().startswith(("o", "ho")) else " o "
    return f"{word}{joint}{stem if word.isupper() else stem.lower()}{ending}"


def _unstressed(word: str) -> str:
    """Return a stem without the accent of its last syllable, which it loses before an ending."""
    return word[:-2] + word[-2:].translate(_PLAIN)
