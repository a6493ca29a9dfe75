"""Abbreviations of Spanish and English: what each says, who expands it, what ends no sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from corpus.text.rewriting import compile_rules, rewrite

Reader = Literal["plain", "spanish", "english"]
"""`plain` is every reader of Spanish, the syllable counter too; `spanish` is the full one only."""


@dataclass(frozen=True)
class Abbreviation:
    """One abbreviation that its dot tells.

    Attributes
    ----------
    written : str
        Lower case, without its dot; capitals do not matter.
    said : str
        Its words.
    reader : Reader, optional
        Who expands it wherever it stands; nobody where only its company tells (`D. Luis`).
    keeps_open : bool
        Whether a sentence goes on behind it, for the splitter that asks.
    """

    written: str
    said: str
    reader: Reader | None
    keeps_open: bool = False


ABBREVIATIONS = (
    Abbreviation("sr", "señor", "plain", keeps_open=True),
    Abbreviation("sra", "señora", "plain", keeps_open=True),
    Abbreviation("dr", "doctor", "plain", keeps_open=True),
    Abbreviation("dra", "doctora", "plain", keeps_open=True),
    Abbreviation("ud", "usted", "plain", keeps_open=True),
    Abbreviation("uds", "ustedes", "plain", keeps_open=True),
    Abbreviation("núm", "número", "plain", keeps_open=True),
    Abbreviation("tel", "teléfono", "plain", keeps_open=True),
    Abbreviation("d", "don", None, keeps_open=True),
    Abbreviation("srta", "señorita", "spanish", keeps_open=True),
    Abbreviation("sres", "señores", "spanish"),
    Abbreviation("dña", "doña", "spanish", keeps_open=True),
    Abbreviation("av", "avenida", "spanish", keeps_open=True),
    Abbreviation("avda", "avenida", "spanish"),
    Abbreviation("pág", "página", "spanish", keeps_open=True),
    Abbreviation("ej", "ejemplo", "spanish", keeps_open=True),
    Abbreviation("etc", "etcétera", "spanish"),
    Abbreviation("dpto", "departamento", "spanish"),
    Abbreviation("pza", "plaza", "spanish"),
    Abbreviation("plza", "plaza", "spanish"),
    Abbreviation("ctra", "carretera", "spanish"),
    Abbreviation("urb", "urbanización", "spanish"),
    Abbreviation("dcha", "derecha", "spanish"),
    Abbreviation("izda", "izquierda", "spanish"),
    Abbreviation("máx", "máximo", "spanish"),
    Abbreviation("mín", "mínimo", "spanish"),
    Abbreviation("aprox", "aproximadamente", "spanish"),
    Abbreviation("cía", "compañía", "spanish"),
    Abbreviation("ext", "extensión", "spanish"),
    Abbreviation("apdo", "apartado", "spanish"),
    Abbreviation("ref", "referencia", "spanish"),
    Abbreviation("exp", "expediente", "spanish"),
    Abbreviation("art", "artículo", "spanish"),
    Abbreviation("mr", "mister", "english"),
    Abbreviation("mrs", "missus", "english"),
    Abbreviation("ms", "miss", "english"),
    Abbreviation("dr", "doctor", "english"),
    Abbreviation("etc", "et cetera", "english"),
    Abbreviation("ext", "extension", "english"),
    Abbreviation("dept", "department", "english"),
    Abbreviation("approx", "approximately", "english"),
)
KEEP_OPEN = frozenset(one.written for one in ABBREVIATIONS if one.keeps_open)

_WORDS: Mapping[Reader, Mapping[str, str]] = {
    reader: {one.written: one.said for one in ABBREVIATIONS if one.reader == reader}
    for reader in get_args(Reader)
}
_PATTERNS: Mapping[Reader, re.Pattern[str]] = {
    reader: re.compile(rf"\b({'|'.join(words)})\.(\s*$)?", re.IGNORECASE)
    for reader, words in _WORDS.items()
}
_DAYS: Mapping[str, str] = {"J": "jueves", "V": "viernes", "S": "sábado", "D": "domingo"}
_BEFORE_DON = r"y|a|de|con|por|para|que|es|soy|señor|Sr\."


def expand_abbreviations(text: str, reader: Reader) -> str:
    """Return the text with this reader's abbreviations in full.

    The full stop of one that ends the text stays, except for the plain reader.
    """
    words = _WORDS[reader]

    def expanded(match: re.Match[str]) -> str:
        end = match[2]
        if reader == "plain":
            return words[match[1].lower()] + (end or "")
        return words[match[1].lower()] + ("" if end is None else ".")

    return _PATTERNS[reader].sub(expanded, text)


def expand_spanish_contractions(text: str) -> str:
    """Return the text with what is more than one abbreviation, or none by its dot, in full."""
    return rewrite(text, _CONTRACTIONS)


def _to_day(match: re.Match[str]) -> str:
    return f"lunes a {_DAYS[match[1]]}"


_CONTRACTIONS = compile_rules(
    (r"\b1er\b", "primer"),
    (r"\bL\s?(?:-|a)\s?([JVSD])\b", _to_day),
    (r"\bD\.\s?ª", "doña"),
    (r"(?i)\b(?:tlfn?o?|tfno|telf)\b\.?", "teléfono"),
    (r"\b[Cc]/\s?(?=[A-ZÁÉÍÓÚÑ])", "calle "),
    (r"\bC\.?\s?P\.?(?=\s?\d{5}\b)", "código postal"),
    (r"\bs/n\b", "sin número"),
    (r"(?i)\b(?:p|por)\.?\s?ej\.", "por ejemplo"),
    (r"\bEE\.\s?UU\.(?=\s*$)", "Estados Unidos."),
    (r"\bEE\.\s?UU\.", "Estados Unidos"),
    (r"(?i)\bn(?:\.\s?)?[º°]\.?(?=\s?\d)", "número "),
    (rf"(^|[.,;:¡¿(]\s*|\b(?:{_BEFORE_DON})\s)D\.(?=\s[A-ZÁÉÍÓÚÑ][a-záéíóúñ])", r"\1don"),
)
