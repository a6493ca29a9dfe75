"""Spanish as it is read aloud: figures, dates, hours, amounts and abbreviations as words."""

from __future__ import annotations

import re
from functools import partial

from num2words import num2words

from corpus.text.abbreviations import expand_abbreviations, expand_spanish_contractions
from corpus.text.addresses import addresses_said
from corpus.text.rewriting import rewrite
from corpus.text.roman import roman_said
from corpus.text.spanish_forms import FRACTIONS, PHRASES, UNITS
from corpus.text.spelling import FIGURE_RE, figure, spelled
from corpus.text.text_units import EDGE, SIGN_FIRST, Unit

_CLOCK = re.compile(r"\b([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:\s?h(?:oras)?\b)?")
_HALF_DAY = re.compile(r"(?i)\b(0?[1-9]|1[0-2])(:[0-5]\d)?\s?([ap])\.?\s?m\b\.?(\s*$)?")
_DATE = re.compile(r"\b(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/(\d{4})\b")
_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre"),
    *("octubre", "noviembre", "diciembre"),
)
_FRACTION = re.compile(rf"(?<![\d/.,])(?:{'|'.join(FRACTIONS)})(?![\d/])")
DAWN, DUSK, NOON = 6, 8, 12  # hours of a clock of twelve


def spanish_words(text: str) -> str:
    """Return a Spanish text with figures, dates, hours, amounts and abbreviations as words."""
    text = expand_spanish_contractions(rewrite(addresses_said(text), PHRASES))
    text = expand_abbreviations(text, "spanish")
    text = re.sub(r"\b(\d{1,2})\.?([ºª])", _ordinal, text)
    text = roman_said(text)
    text = _HALF_DAY.sub(_half_day, text)
    text = _DATE.sub(lambda m: f"{int(m[1])} de {_MONTHS[int(m[2]) - 1]} de {m[3]}", text)
    text = _CLOCK.sub(_clock, text)
    text = _FRACTION.sub(lambda m: FRACTIONS[m[0]], text)
    text = SIGN_FIRST.sub(r"\2 \1", text)
    for unit in UNITS:
        counted = rf"(?<!\d)({FIGURE_RE.pattern})\s?(?:{unit.written})(?!\w)"
        text = re.sub(counted, partial(_counted, unit), text)
    return " ".join(spelled(EDGE.sub(" ", text)).split())


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
