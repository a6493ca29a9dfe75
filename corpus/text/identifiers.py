"""Identifiers digit by digit: documents, accounts, codes, serial numbers, telephones."""

from __future__ import annotations

import re

from corpus.text.acronyms import SPANISH_LETTERS
from corpus.text.cardinals import digits
from corpus.text.choices import Choices
from corpus.text.figures import spoken_whole
from corpus.text.units import SYMBOLS

_LEFT, _RIGHT = r"(?<![\w.,/@€$-])", r"(?![\w/@€$%]|[.,]\d|\s?[€$£%])"
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?(?!\w)")
_DOCUMENT = re.compile(
    r"(?<![\w.,-])(?:\d{1,2}\.?\d{3}\.?\d{3}-?[A-HJ-NP-TV-Z]|[XYZ]-?\d{7}-?[A-Z]"
    r"|[A-HJNP-SUVW]-?\d{7}-?[0-9A-J])(?![\w-])"
)
_PLATE = re.compile(r"(?<![\w.,-])\d{4}[\s-]?[BCDFGHJ-NPR-TV-Z]{3}(?![\w-])")
_MAC = re.compile(r"(?<![\w:-])(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}(?![\w:-])")
_CARD = re.compile(r"(?<![\w.,])\d{4}(?:[\s-]\d{4}){2,3}(?:[\s-]\d{1,4})?(?![\w.,]\d)")
_GROUP = r"[\s.-]"
_PHONE = re.compile(
    rf"(?<![\w.,/-])(?:(?P<prefix>(?:\+|(?<!\d\s)00)\d{{1,3}})[\s.-]?(?:\(?\d{{1,4}}\)?{_GROUP}?)?\d{{2,4}}"
    rf"(?:{_GROUP}?\d{{2,4}}){{1,4}}"
    rf"|[6-9]\d{{2}}{_GROUP}\d{{3}}{_GROUP}\d{{3}}|[6-9]\d{{2}}(?:{_GROUP}\d{{2}}){{3}}"
    rf"|[89]\d{_GROUP}\d{{3}}{_GROUP}\d{{2}}{_GROUP}\d{{2}}|[6-9]\d{{8}}"
    rf"|(?:0?1{_GROUP})?[2-9]\d{{2}}{_GROUP}\d{{3}}{_GROUP}\d{{4}}|[1-9]\d{_GROUP}\d{{4}}{_GROUP}\d{{4}})"
    r"(?![\w/]|[.,]\d|\s?[€$£%]|\s(?:mil|mill|euros|dólares|pesos|habitantes|personas)\b)"
)
_PREFIX = re.compile(r"\((\+\d{1,3})\)\s?")
_UNITS = "|".join(sorted((one for one in SYMBOLS if len(one) > 1), key=len, reverse=True))
_NOUNS = (
    "DNI|NIF|NIE|CIF|IBAN|PUK|PIN|IMEI|ICC|ICCID|IMSI|CUPS|MAC|OTP|CVV|CVC|SKU|EAN|RFC|CURP|RUT|RUC"
    "|CUIT|CBU|CLABE|códigos?|clave|claves|contraseña|serie|referencia|ref|localizador|expediente"
    "|pedido|póliza|contrato|factura|albarán|reserva|cliente|abonado|tarjeta|cuenta|afiliación"
    "|matrícula|incidencia|reclamación|ticket|tique|caso|solicitud|envío|seguimiento|documento"
    "|pasaporte|teléfonos?|celular(?:es)?|tel|tfno|tlf|fax|extensión|ext|bastidor|lote|licencia"
    "|código\\spostal|apartado\\sde\\scorreos|C\\.?\\s?P"
)
_LINKS = (
    r"(?:\s(?:de|del|la|el|su|es|era|será|al|con|postal|cliente|pedido|serie|contrato|referencia|"
    r"factura|teléfono|seguridad|verificación|confirmación|activación|acceso|seguimiento|reserva|"
    r"número|núm|n\.?[ºo]|nro|fijo|móvil|PIN|PUK|SIM)\b\.?){0,6}"
)
_CUED = re.compile(
    rf"(?P<cue>\b(?i:{_NOUNS})\b\.?(?:\s?\([^()\d]{{1,20}}\))?{_LINKS}\s?:?\s?)"
    rf"(?P<id>(?:[A-Za-z]{{1,4}}[-/]?)?\d[\dA-Z]*(?:[-/. ][\dA-Z]*\d[\dA-Z]*)*(?:-?[A-Z](?!\w))?)"
    rf"(?!\s?(?:{_UNITS})(?![\w]))"
    r"(?![\w€$%]|[.,:]\d|\s?(?:[€$£%]|euros?\b|dólar|mill|mil\b|horas?\b|h\b|de\s(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|sept|oct|nov|dic))"
    r"|\s(?!(?:más|es|tras|nos|las|los|sus|mis|antes|después|pues)\b)[a-záéíóúñ]{2,}s\b)"
)
_ENDING = re.compile(
    r"(?P<cue>\b(?:[Tt]ermina(?:d[oa]s?)?|[Aa]caba(?:d[oa]s?)?|[Ff]inaliza(?:d[oa]s?)?)\sen:?\s)(?P<id>\d{3,4})(?![\w]|[.,]\d)"
)
_CALL = re.compile(
    r"(?P<cue>\b[Ll]l[aá]m(?:e|a|ar|en|enos|anos|arnos|ame|eme)\s(?:gratis\s)?al\s)(?P<id>\d{3,6})(?![\w.,/]\d|\s?\d)"
)
_MIXED = re.compile(
    r"(?<![\w.,@/-])(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])[A-Z0-9]+(?:-[A-Z0-9]+)*(?![\w@/]|-\w)"
)
_LONG = re.compile(r"(?<![\w.,'/-])\d{7,}(?!\w|[.,']\d)")
_LONG_COUNTS = re.compile(r"\s?(?:[€$£]|EUR\b|(?:de\s)?[a-záéíóúñ]*(?:os|as|es)\b)")
_PARTS = re.compile(r"\d+|[A-Za-zÑñ]+|[-/]")
_SEPARATORS = {"-": ",", "/": " barra"}
_SERIAL_DIGITS = 4


def read_identifiers(text: str, choices: Choices) -> str:
    """Return the text with identifiers spelled: figures one by one, letters by name.

    What it is tells a word before it (`PUK`, `número de pedido`, `tarjeta terminada en`), its
    shape (IBAN, DNI, number plate, card, telephone), or its length: nobody counts in seven
    figures without a grouping sign (Ortografía, VIII, 2.1: groups are for quantities, never for
    codes). Groups are kept apart by a pause.
    """
    for pattern in (_MAC, _IBAN, _CARD, _DOCUMENT, _PLATE):
        text = pattern.sub(lambda m: _spelled(m[0]), text)
    text = _PREFIX.sub(r"\1 ", text)
    text = _PHONE.sub(lambda m: _phone(m[0], choices), text)
    for pattern in (_CUED, _ENDING, _CALL):
        text = pattern.sub(lambda m: m["cue"] + _spelled(m["id"]), text)
    return _LONG.sub(_long, text)


def read_mixed(text: str, choices: Choices) -> str:
    """Return the text with words of capitals and figures: A4, MP3, N-340, AB12-34C."""
    return _MIXED.sub(lambda m: _mixed(m[0], choices), text)


def _spelled(written: str) -> str:
    """Return each figure and letter by its name, a comma between groups."""
    groups = re.split(r"[\s.:]+", written.strip())
    return ", ".join(_group(group) for group in groups if group)


def _group(group: str) -> str:
    said: list[str] = []
    for part in _PARTS.findall(group):
        if part in _SEPARATORS:
            said.append(_SEPARATORS[part])
        else:
            said.append(f" {digits(part) if part.isdecimal() else _letters(part)}")
    return "".join(said).strip(" ,")


def _letters(written: str) -> str:
    return " ".join(SPANISH_LETTERS[letter] for letter in written.lower())


def _phone(written: str, choices: Choices) -> str:
    plus = "más " if written.startswith("+") else ""
    groups = re.findall(r"\d+", written)
    if len(groups) == 1 and len(groups[0]) == 9:
        groups = [groups[0][:3], groups[0][3:6], groups[0][6:]]
    said = [_phone_group(group, choices) for group in groups]
    return plus + ", ".join(said)


def _phone_group(group: str, choices: Choices) -> str:
    if choices.phone == "digits" or len(group) > 3:
        return digits(group)
    return spoken_whole(group, "alone", choices)


def _long(match: re.Match[str]) -> str:
    is_quantity = _LONG_COUNTS.match(match.string, match.end()) and not match[0].startswith("0")
    return match[0] if is_quantity and len(match[0]) <= 15 else digits(match[0])


def _mixed(written: str, choices: Choices) -> str:
    runs = re.findall(r"\d+|[A-ZÑ]+", written)
    if sum(map(str.isdecimal, written)) >= _SERIAL_DIGITS or len(runs) > 2:
        return _spelled(written)
    said = [spoken_whole(run, "alone", choices) if run.isdecimal() else run for run in runs]
    return " ".join(said)
