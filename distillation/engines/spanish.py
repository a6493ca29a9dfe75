"""Spanish as it is read aloud: figures, dates, hours, amounts and abbreviations as words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from num2words import num2words

from corpus.phonetics.spelling import FIGURE_RE, figure, spelled
from distillation.engines.roman import roman_said
from distillation.engines.written import EDGE, SIGN_FIRST, Unit, shortened

_UNITS = (
    Unit(r"mil", "mil", "mil"),
    Unit(r"mill(?:ón|ones)", "millón", "millones"),
    Unit(r"€|euros?", "euro", "euros"),
    Unit(r"\$|dólar(?:es)?", "dólar", "dólares"),
    Unit(r"h|horas?", "hora", "horas", feminine=True),
    Unit(r"min|minutos?", "minuto", "minutos"),
    Unit(r"días?", "día", "días"),
    Unit(r"km/h", "kilómetro por hora", "kilómetros por hora"),
    Unit(r"km|kilómetros?", "kilómetro", "kilómetros"),
    Unit(r"kg|kilos?", "kilo", "kilos"),
    Unit(r"kWh", "kilovatio hora", "kilovatios hora"),
    Unit(r"°\s?C?|grados?", "grado", "grados"),
    Unit(r"GB|gigas?", "giga", "gigas"),
    Unit(r"MB|megas?", "mega", "megas"),
    Unit(r"años?", "año", "años"),
    Unit(r"mes(?:es)?", "mes", "meses"),
    Unit(r"céntimos?", "céntimo", "céntimos"),
    Unit(r"semanas?", "semana", "semanas", feminine=True),
    Unit(r"ve(?:z|ces)", "vez", "veces", feminine=True),
    Unit(r"facturas?", "factura", "facturas", feminine=True),
    Unit(r"llamadas?", "llamada", "llamadas", feminine=True),
    Unit(r"líneas?", "línea", "líneas", feminine=True),
    Unit(r"personas?", "persona", "personas", feminine=True),
)
_COUNTED = "|".join(unit.written for unit in _UNITS)
_HOUR = r"(?<![\d.,])([01]?\d|2[0-4])"
_CLOCK = re.compile(r"\b([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:\s?h(?:oras)?\b)?")
_HALF_DAY = re.compile(r"(?i)\b(0?[1-9]|1[0-2])(:[0-5]\d)?\s?([ap])\.?\s?m\b\.?(\s*$)?")
_DATE = re.compile(r"\b(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/(\d{4})\b")
_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre"),
    *("octubre", "noviembre", "diciembre"),
)
_FRACTIONS: Mapping[str, str] = {
    "1/2": "un medio", "1/3": "un tercio", "2/3": "dos tercios", "1/4": "un cuarto",
    "3/4": "tres cuartos",
}  # fmt: skip
_FRACTION = re.compile(rf"(?<![\d/.,])(?:{'|'.join(_FRACTIONS)})(?![\d/])")
DAWN, DUSK, NOON = 6, 8, 12  # hours of a clock of twelve
_BEFORE_DON = r"y|a|de|con|por|para|que|es|soy|señor|Sr\."
_PHRASES = tuple(
    (re.compile(written), said)
    for written, said in (
        (rf"{_HOUR}\.([0-5]\d)(?=\s?h(?:oras)?\b)", r"\1:\2"),
        (rf"(?<![\d.,])(\d+)\.(\d\d?)(?=\s?(?:%|{_COUNTED})(?!\w))", r"\1,\2"),
        (r"(?<![^\s(¿¡:])[-−](?=\d)", "menos "),
        (r"(?<=\d)\s?½", " y medio"),
        (r"\b1/2(?=\s(?!día)[a-záéíóúñ]+a\b)", "media"),
        (r"\b1/2(?=\s(?!del?\b)[a-záéíóúñ])", "medio"),
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
)
_SHORT: Mapping[str, str] = {
    "srta": "señorita", "sres": "señores", "dña": "doña", "av": "avenida", "avda": "avenida",
    "pág": "página", "ej": "ejemplo", "etc": "etcétera", "dpto": "departamento",
    "pza": "plaza", "plza": "plaza", "ctra": "carretera", "urb": "urbanización",
    "dcha": "derecha", "izda": "izquierda", "máx": "máximo", "mín": "mínimo",
    "aprox": "aproximadamente", "cía": "compañía", "ext": "extensión", "apdo": "apartado",
}  # fmt: skip


def spanish_words(text: str) -> str:
    """Return a Spanish text with figures, dates, hours, amounts and abbreviations as words."""
    text = _phrased(text)
    text = shortened(text, _SHORT)
    text = re.sub(r"\b(\d{1,2})\.?([ºª])", _ordinal, text)
    text = roman_said(text)
    text = _HALF_DAY.sub(_half_day, text)
    text = _DATE.sub(lambda m: f"{int(m[1])} de {_MONTHS[int(m[2]) - 1]} de {m[3]}", text)
    text = _CLOCK.sub(_clock, text)
    text = _FRACTION.sub(lambda m: _FRACTIONS[m[0]], text)
    text = SIGN_FIRST.sub(r"\2 \1", text)
    for unit in _UNITS:
        counted = rf"({FIGURE_RE.pattern})\s?(?:{unit.written})(?!\w)"
        text = re.sub(counted, partial(_counted, unit), text)
    return " ".join(spelled(EDGE.sub(" ", text)).split())


def _phrased(text: str) -> str:
    """Return the text with what is more than one abbreviation, or none by its dot, in full."""
    for written, said in _PHRASES:
        text = written.sub(said, text)
    return text


def _ordinal(match: re.Match[str]) -> str:
    said: str = num2words(int(match[1]), lang="es", to="ordinal")
    return said if match[2] == "º" else re.sub(r"o\b", "a", said)


def _half_day(match: re.Match[str]) -> str:
    hour, minutes, morning = int(match[1]), match[2] or "", match[3].lower() == "a"
    if hour == NOON:
        part = "de la noche" if morning else "del mediodía"
    elif morning:
        part = "de la madrugada" if hour < DAWN else "de la mañana"
    else:
        part = "de la tarde" if hour < DUSK else "de la noche"
    said = "una" if hour == 1 and not minutes else hour
    return f"{said}{minutes} {part}{'.' if match[4] is not None else ''}"


def _clock(match: re.Match[str]) -> str:
    """Return an hour as it is read: `la una treinta`, `las veintiuna`."""
    hour = re.sub(r"uno$", "una", figure(str(int(match[1]))))
    return f"{hour} {figure(match[2]) if int(match[2]) else ''}".rstrip()


def _counted(unit: Unit, match: re.Match[str]) -> str:
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
