"""A text as F5 shall read it: figures, abbreviations and capitals as words, signs kept (es, en)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from num2words import num2words

from corpus.phonetics.spelling import FIGURE_RE, LETTERS, figure, spelled
from distillation.engines.base import EngineError
from distillation.engines.text import tidy

_KEPT = frozenset(".,;:!?¡¿'-…\"() ")
_SAME = str.maketrans("“”«»‘’—–", '""""\'\',,')
_EDGE = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")  # between figure and letter
_CAPITALS = re.compile(r"\b[^\W\d_a-z]{2,}\b")
_CONSONANT = re.compile(r"\b[B-DF-HJ-NP-TV-XZÑ]\b(?!['.]\w)")
_END = re.compile(r"[.!?…][\"')]*$")
# "$5", but in "5 € 3" the sign belongs to what stands before it
_SIGN_FIRST = re.compile(r"(?<!\d)(?<!\d\s)([$€£])\s?(\d[\d.,]*)\b")


@dataclass(frozen=True)
class _Unit:
    """What is counted: how it may be written, and how one and several of it are called."""

    written: str
    one: str
    many: str
    feminine: bool = False


_ES_UNITS = (
    _Unit(r"€|euros?", "euro", "euros"),
    _Unit(r"\$|dólar(?:es)?", "dólar", "dólares"),
    _Unit(r"h|horas?", "hora", "horas", feminine=True),
    _Unit(r"min|minutos?", "minuto", "minutos"),
    _Unit(r"días?", "día", "días"),
    _Unit(r"km/h", "kilómetro por hora", "kilómetros por hora"),
    _Unit(r"km|kilómetros?", "kilómetro", "kilómetros"),
    _Unit(r"kg|kilos?", "kilo", "kilos"),
    _Unit(r"kWh", "kilovatio hora", "kilovatios hora"),
    _Unit(r"°\s?C?|grados?", "grado", "grados"),
    _Unit(r"GB|gigas?", "giga", "gigas"),
    _Unit(r"MB|megas?", "mega", "megas"),
    _Unit(r"años?", "año", "años"),
    _Unit(r"mes(?:es)?", "mes", "meses"),
    _Unit(r"céntimos?", "céntimo", "céntimos"),
    _Unit(r"semanas?", "semana", "semanas", feminine=True),
    _Unit(r"ve(?:z|ces)", "vez", "veces", feminine=True),
    _Unit(r"facturas?", "factura", "facturas", feminine=True),
    _Unit(r"llamadas?", "llamada", "llamadas", feminine=True),
    _Unit(r"líneas?", "línea", "líneas", feminine=True),
    _Unit(r"personas?", "persona", "personas", feminine=True),
)
_ES_CLOCK = re.compile(r"\b([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:\s?h(?:oras)?\b)?")
_ES_DATE = re.compile(r"\b(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/(\d{4})\b")
_ES_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre"),
    *("octubre", "noviembre", "diciembre"),
)
_BEFORE_DON = r"y|a|de|con|por|para|que|es|soy|señor|Sr\."
_ES_PHRASES = tuple(
    (re.compile(written), said)
    for written, said in (
        (r"(?i)\b(?:p|por)\.?\s?ej\.", "por ejemplo"),
        (r"\bEE\.\s?UU\.(?=\s*$)", "Estados Unidos."),
        (r"\bEE\.\s?UU\.", "Estados Unidos"),
        (r"(?i)\bn(?:\.\s?)?[º°]\.?(?=\s?\d)", "número "),
        (rf"(^|[.,;:¡¿(]\s*|\b(?:{_BEFORE_DON})\s)D\.(?=\s[A-ZÁÉÍÓÚÑ][a-záéíóúñ])", r"\1don"),
    )
)
_EN_UNITS = (
    _Unit(r"€|euros?", "euro", "euros"),
    _Unit(r"\$|dollars?", "dollar", "dollars"),
    _Unit(r"£|pounds?", "pound", "pounds"),
    _Unit(r"h|hours?", "hour", "hours"),
    _Unit(r"min|minutes?", "minute", "minutes"),
    _Unit(r"km", "kilometer", "kilometers"),
    _Unit(r"kg", "kilo", "kilos"),
    _Unit(r"GB", "gigabyte", "gigabytes"),
    _Unit(r"MB", "megabyte", "megabytes"),
)
_ES_SHORT: Mapping[str, str] = {
    "srta": "señorita", "sres": "señores", "dña": "doña", "av": "avenida", "avda": "avenida",
    "pág": "página", "ej": "ejemplo", "etc": "etcétera", "dpto": "departamento",
}  # fmt: skip
_EN_SHORT: Mapping[str, str] = {
    "mr": "mister", "mrs": "missus", "ms": "miss", "dr": "doctor", "etc": "et cetera",
    "ext": "extension", "dept": "department", "approx": "approximately",
}  # fmt: skip
_EN_LETTERS: Mapping[str, str] = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "eff", "g": "gee",
    "h": "aitch", "i": "eye", "j": "jay", "k": "kay", "l": "el", "m": "em", "n": "en", "o": "oh",
    "p": "pee", "q": "cue", "r": "ar", "s": "ess", "t": "tee", "u": "you", "v": "vee",
    "w": "double-you", "x": "ex", "y": "why", "z": "zee",
}  # fmt: skip
_EN_SIGNS: Mapping[str, str] = {"%": " percent ", "&": " and ", "+": " plus ", "@": " at "}
_EN_FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_LONG = 15  # figures; what is longer is said figure by figure


def read_aloud(text: str, lang: str = "es") -> str:
    """Return what a reader says, for an engine that knows letters only.

    Parameters
    ----------
    text : str
        Any Unicode; control characters and line ends count as spaces.
    lang : str
        `es` or `en`: of figures, abbreviations, and the names of letters.

    Returns
    -------
    str
        One line of letters and ``.,;:!?¡¿'-…"()``: no figure, no word in capitals, a sign at
        its end.

    Raises
    ------
    EngineError
        `empty_text`; `bad_option`: another language.
    """
    if lang not in _SPELLED:
        raise EngineError("bad_option", f"lang: {' or '.join(_SPELLED)}, not {lang!r}.")
    text = unicodedata.normalize("NFC", tidy(text)).translate(_SAME)
    shouted = text.isupper() and len(_CAPITALS.findall(text)) > 1
    said = _SPELLED[lang](text.capitalize() if shouted else text)
    kept = "".join(sign if sign.isalpha() or sign in _KEPT else " " for sign in said)
    kept = re.sub(r" +([.,;:!?…)])", r"\1", tidy(kept))
    return kept if _END.search(kept) else kept.rstrip(" ,;:-") + "."


def _spanish(text: str) -> str:
    return _lowered(spanish_words(text), LETTERS)


def spanish_words(text: str) -> str:
    """Return a Spanish text with figures, dates, hours, amounts and abbreviations as words."""
    text = _phrased(text)
    text = _shortened(text, _ES_SHORT)
    text = re.sub(r"\b(\d{1,2})\.?([ºª])", _es_ordinal, text)
    text = _ES_DATE.sub(lambda m: f"{int(m[1])} de {_ES_MONTHS[int(m[2]) - 1]} de {m[3]}", text)
    text = _ES_CLOCK.sub(_es_clock, text)
    text = _SIGN_FIRST.sub(r"\2 \1", text)
    for unit in _ES_UNITS:
        counted = rf"({FIGURE_RE.pattern})\s?(?:{unit.written})(?!\w)"
        text = re.sub(counted, partial(_es_counted, unit), text)
    return " ".join(spelled(_EDGE.sub(" ", text)).split())


def _phrased(text: str) -> str:
    """Return the text with what is more than one abbreviation, or none by its dot, in full."""
    for written, said in _ES_PHRASES:
        text = written.sub(said, text)
    return text


def _es_ordinal(match: re.Match[str]) -> str:
    said: str = num2words(int(match[1]), lang="es", to="ordinal")
    return said if match[2] == "º" else re.sub(r"o\b", "a", said)


def _es_clock(match: re.Match[str]) -> str:
    """Return an hour as it is read: `la una treinta`, `las veintiuna`."""
    hour = re.sub(r"uno$", "una", figure(str(int(match[1]))))
    return f"{hour} {figure(match[2]) if int(match[2]) else ''}".rstrip()


def _es_counted(unit: _Unit, match: re.Match[str]) -> str:
    said = figure(match[1])
    if "," not in match[1]:
        said = _feminine(said) if unit.feminine else _before_noun(said)
    of = " de" if re.search(r"mill(?:ón|ones)$", said) else ""
    return f" {said}{of} {unit.one if match[1] == '1' else unit.many}"


def _before_noun(said: str) -> str:
    return re.sub(r"uno$", "un", re.sub(r"veintiuno$", "veintiún", said))


def _feminine(said: str) -> str:
    """Return a number before a feminine noun; millions stay what they are."""
    *millions, rest = re.split(r"(?<=millón)|(?<=millones)", said)
    rest = re.sub(
        r"(cient|quinient|setecient|novecient)os\b", r"\1as", re.sub(r"uno$", "una", rest)
    )
    return "".join([*millions, rest])


def _english(text: str) -> str:
    text = _shortened(text, _EN_SHORT)
    text = re.sub(r"\b(\d{1,4})(?:st|nd|rd|th)\b", _en_ordinal, text)
    text = re.sub(r"\b(\d{1,2}):(\d\d)\b", _en_clock, text)
    text = _SIGN_FIRST.sub(r"\2 \1", text)
    for unit in _EN_UNITS:
        counted = rf"({_EN_FIGURE.pattern})\s?(?:{unit.written})(?!\w)"
        text = re.sub(counted, partial(_en_counted, unit), text)
    text = _EN_FIGURE.sub(lambda m: f" {_en_number(m[0])} ", _EDGE.sub(" ", text))
    for sign, said in _EN_SIGNS.items():
        text = text.replace(sign, said)
    acronym = r"\b(?=[A-Z]*[B-DF-HJ-NP-TV-XZ])[A-Z]{2,4}\b"
    text = re.sub(acronym, lambda m: " ".join(_EN_LETTERS[one] for one in m[0].lower()), text)
    return _lowered(text, _EN_LETTERS)


def _en_ordinal(match: re.Match[str]) -> str:
    return str(num2words(int(match[1]), lang="en", to="ordinal"))


def _en_clock(match: re.Match[str]) -> str:
    hour, minute = _en_number(match[1]), int(match[2])
    return f"{hour} {'oh ' if 0 < minute < 10 else ''}{_en_number(match[2]) if minute else ''}"


def _en_counted(unit: _Unit, match: re.Match[str]) -> str:
    return f" {_en_number(match[1])} {unit.one if match[1] == '1' else unit.many}"


def _en_number(written: str) -> str:
    whole, _, decimals = written.replace(",", "").partition(".")
    each = len(whole) > _LONG or (len(whole) > 2 and whole.startswith("0"))
    said = _en_figures(whole) if each else str(num2words(int(whole), lang="en")).replace(",", "")
    return said + (f" point {_en_figures(decimals)}" if decimals else "")


def _en_figures(digits: str) -> str:
    return " ".join(num2words(int(digit), lang="en") for digit in digits)


def _shortened(text: str, short: Mapping[str, str]) -> str:
    """Return the text with abbreviations in full; the full stop of one that ends it stays."""
    known = re.compile(rf"\b({'|'.join(short)})\.(\s*$)?", re.IGNORECASE)
    return known.sub(lambda m: short[m[1].lower()] + ("." if m[2] is not None else ""), text)


def _lowered(text: str, letters: Mapping[str, str]) -> str:
    """Return the text without capitals that F5 would spell: words in small, consonants named."""
    text = _CAPITALS.sub(lambda m: m[0].lower() if m[0].isupper() else m[0], text)
    return _CONSONANT.sub(lambda m: letters.get(m[0].lower(), m[0].lower()), text)


_SPELLED = {"es": _spanish, "en": _english}
LANGUAGES = tuple(_SPELLED)
