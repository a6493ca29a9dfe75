"""Abbreviations of Spanish and English: what each says, and which of them may end a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from corpus.text.rewriting import compile_rules, rewrite

Reader = Literal["spanish", "english"]
Ending = Literal["never", "question", "capital"]
"""Before what the point of an abbreviation ends a sentence too: nothing, since what it shortens
always goes on (Sr.); ¿ or ¡ only (izq., S. A.); or a capital as well (etc.)."""


@dataclass(frozen=True)
class Abbreviation:
    """One abbreviation that its point tells.

    Attributes
    ----------
    written : str
        Lower case, without its point; capitals do not matter.
    said : str
        Its words.
    reader : Reader
        Who expands it.
    ends : Ending
        Where a sentence may end behind it.
    """

    written: str
    said: str
    reader: Reader = "spanish"
    ends: Ending = "never"


def _spanish(ends: Ending, words: Mapping[str, str]) -> tuple[Abbreviation, ...]:
    return tuple(Abbreviation(written, said, "spanish", ends) for written, said in words.items())


ABBREVIATIONS = (
    *_spanish("never", {
        "sr": "señor", "sra": "señora", "srta": "señorita", "sres": "señores", "sras": "señoras",
        "dr": "doctor", "dra": "doctora", "dres": "doctores", "dña": "doña", "ud": "usted",
        "uds": "ustedes", "vd": "usted", "vds": "ustedes", "prof": "profesor", "profa": "profesora",
        "lic": "licenciado", "ing": "ingeniero", "arq": "arquitecto", "gral": "general",
        "excmo": "excelentísimo", "excma": "excelentísima", "ilmo": "ilustrísimo",
        "ilma": "ilustrísima", "sto": "santo", "sta": "santa", "núm": "número", "núms": "números",
        "num": "número", "nro": "número", "tel": "teléfono", "tels": "teléfonos", "av": "avenida",
        "avda": "avenida", "avd": "avenida", "pza": "plaza", "plza": "plaza", "pje": "pasaje",
        "ctra": "carretera", "urb": "urbanización", "gta": "glorieta", "pol": "polígono",
        "edif": "edificio", "pág": "página", "págs": "páginas", "pag": "página", "art": "artículo",
        "arts": "artículos", "párr": "párrafo", "cap": "capítulo", "vol": "volumen",
        "ej": "ejemplo", "dpto": "departamento", "dptos": "departamentos",
        "depto": "departamento", "admón": "administración", "ref": "referencia",
        "exp": "expediente", "expte": "expediente", "fra": "factura", "fact": "factura",
        "ext": "extensión", "apdo": "apartado", "prov": "provincia", "cta": "cuenta",
        "hab": "habitación", "dto": "descuento", "máx": "máximo", "mín": "mínimo",
        "aprox": "aproximadamente", "vs": "versus", "hnos": "hermanos", "esq": "esquina",
        "esc": "escalera",
    }),
    *_spanish("question", {
        "dcha": "derecha", "izda": "izquierda", "izq": "izquierda", "izqda": "izquierda",
        "pral": "principal", "ppal": "principal", "entlo": "entresuelo", "cía": "compañía",
        "ayto": "ayuntamiento", "incl": "incluido", "atte": "atentamente", "ptas": "pesetas",
    }),
    *_spanish("capital", {"etc": "etcétera"}),
    Abbreviation("mr", "mister", "english"),
    Abbreviation("mrs", "missus", "english"),
    Abbreviation("ms", "miss", "english"),
    Abbreviation("dr", "doctor", "english"),
    Abbreviation("etc", "et cetera", "english", ends="capital"),
    Abbreviation("ext", "extension", "english"),
    Abbreviation("dept", "department", "english"),
    Abbreviation("approx", "approximately", "english"),
)  # fmt: skip

_BY_READER: Mapping[Reader, Mapping[str, Abbreviation]] = {
    reader: {one.written: one for one in ABBREVIATIONS if one.reader == reader}
    for reader in get_args(Reader)
}
_PATTERNS: Mapping[Reader, re.Pattern[str]] = {
    reader: re.compile(rf"\b({'|'.join(words)})\.(?=(\s*$)?)", re.IGNORECASE)
    for reader, words in _BY_READER.items()
}
_BEFORE_DON = r"y|a|de|con|por|para|que|es|soy|señor|Sr\."

_ENDS: Mapping[str, Ending] = {
    **{one.written: one.ends for one in reversed(ABBREVIATIONS)},
    **dict.fromkeys(("tlf", "tfno", "tlfno", "telf", "d", "dª", "km"), "never"),
    **dict.fromkeys(("lun", "mié", "jue", "vie", "sáb"), "never"),
    **dict.fromkeys(("ene", "febr", "feb", "abr", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
                    "question"),
    **dict.fromkeys(("s.a", "s.l", "s.a.u", "s.l.u"), "question"),
    **dict.fromkeys(("uu", "ee", "p.m", "a.m", "m", "h", "min", "seg", "cts"), "capital"),
}  # fmt: skip
_INITIALS = re.compile(r"(?:^|[\s(«\"'])(?:[A-ZÁÉÍÓÚÑ]\.\s?){2,}$")
_INITIAL_OF_A_NAME = re.compile(r"(?:^|[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+\.?\s)[A-ZÁÉÍÓÚÑ]\.$")
_NO_VOWEL = re.compile(r"[^\W\d_aeiouáéíóúüy]{2,6}")
_NEXT_LETTER = re.compile(r"(?:[A-ZÑ]|UU|OO|m|ej)\.")
_OPENING = re.compile(r"[\s«“\"'(]*[¿¡]")
_CAPITAL = re.compile(r"[\s«“\"'(]*[A-ZÁÉÍÓÚÑ\d]")


def keeps_open(before: str, after: str) -> bool:
    """Whether a sentence goes on across a full stop since it is that of an abbreviation.

    Parameters
    ----------
    before : str
        What ends with the full stop.
    after : str
        What follows the white space behind it.
    """
    if not before.endswith("."):
        return False
    tail = before[-40:]
    last = tail.rsplit(None, 1)[-1].lstrip("([«“\"'¿¡").lower()[:-1]
    if len(last) <= 2 and _NEXT_LETTER.match(after):
        return True
    if _INITIALS.search(tail):
        return not _closes("capital" if last == "uu" else "question", after)
    if _INITIAL_OF_A_NAME.search(tail) and len(last) == 1:
        return not _OPENING.match(after)
    if last in _ENDS:
        return not _closes(_ENDS[last], after)
    return bool(_NO_VOWEL.fullmatch(last)) and after[:1].islower()


def expand_abbreviations(text: str, reader: Reader) -> str:
    """Return the text with this reader's abbreviations in full.

    A point stays where it ends the text, or a sentence in it.
    """
    words = _BY_READER[reader]

    def expanded(match: re.Match[str]) -> str:
        found = words[match[1].lower()]
        after = match.string[match.end() : match.end() + 4]
        is_end = match[2] is not None or (after[:1].isspace() and _closes(found.ends, after))
        return found.said + ("." if is_end else "")

    return _PATTERNS[reader].sub(expanded, text)


def expand_spanish_contractions(text: str) -> str:
    """Return the text with what is more than one abbreviation, or none by its point, in full."""
    return rewrite(text, _CONTRACTIONS)


def _closes(ends: Ending, after: str) -> bool:
    if ends == "never":
        return False
    return bool(_OPENING.match(after)) or (ends == "capital" and bool(_CAPITAL.match(after)))


_LAST = r"(?P<end>(?=\s*$)|(?=\s+[¿¡]))?"


def _company(match: re.Match[str]) -> str:
    kind = "limitada" if "L" in match[0] else "anónima"
    alone = " unipersonal" if "U" in match[0] else ""
    return f"sociedad {kind}{alone}{'.' if match['end'] is not None else ''}"


def _plural(match: re.Match[str]) -> str:
    said = "Estados Unidos" if match[0].startswith("E") else "Comisiones Obreras"
    return said + ("." if match["end"] is not None else "")


_CONTRACTIONS = compile_rules(
    (r"\bD\.\s?ª|\bD\.ª", "doña"),
    (r"\bD\.(?=\s?/\s?(?:D|doña))", "don"),
    (r"(?<![\d,.])(?<!\d\s)\bkm/h\b", "kilómetros por hora"),
    (r"\bM\.ª", "María"),
    (r"(?:(?<=[ºª]\s)|(?<=\bpor\s)|(?<=\bcada\s))ud\.", "unidad"),
    (r"\ba\.\s?C\.", "antes de Cristo"),
    (r"\bd\.\s?C\.", "después de Cristo"),
    (r"\bP\.\s?º|\bP\.º", "paseo"),
    (r"(?i)\b(?:tlfn?o?|tfno|telf)\b\.?", "teléfono"),
    (r"\b[Cc]/\s?(?=[A-ZÁÉÍÓÚÑ])", "calle "),
    (r"\bC\.?\s?P\.?(?=:?\s?\d{5}\b)", "código postal"),
    (r"\b[sS]/[nN]\b", "sin número"),
    (r"\bc/c\b", "cuenta corriente"),
    (r"(?i)\b(?:p|por)\.?\s?ej\.", "por ejemplo"),
    (rf"\b(?:EE\.\s?UU|CC\.\s?OO)\.{_LAST}", _plural),
    (rf"(?<![\w.])S\.\s?[AL]\.(?:\s?U\.)?{_LAST}", _company),
    (r"(?<!\w)[nN](?:\.\s?(?:os?|[º°])|[º°])\.?(?=\s?(?:\d|de\b|[A-Z][-\dA-Z]|:))", "número "),
    (r"(?<![\d,.])(?<!\d\s)\b[Kk]m\.?\s?(?=\d)", "kilómetro "),
    (rf"(^|[.,;:¡¿(]\s*|\b(?:{_BEFORE_DON})\s)D\.(?=\s[A-ZÁÉÍÓÚÑ][a-záéíóúñ])", r"\1don"),
)
