"""Numbers as words, Spanish and English: cardinals, ordinals, Roman ones, amounts of a unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from num2words import num2words

from corpus.text.rewriting import compile_rules, rewrite

_DOT = r"(?:\.(?=,|\s[a-záéíóúñ]))?"  # of an abbreviation, not of the sentence


@dataclass(frozen=True)
class Unit:
    """What is counted.

    Attributes
    ----------
    written : str
        Pattern, without groups, of how it may be written.
    one, many : str
        How one and several of it are called.
    feminine : bool
        Whether a number before it is feminine (Spanish).
    """

    written: str
    one: str
    many: str
    feminine: bool = False


SPANISH_UNITS = (
    Unit(r"mil", "mil", "mil"),
    Unit(r"mill(?:ón|ones)", "millón", "millones"),
    Unit(r"€|EUR|euros?", "euro", "euros"),
    Unit(r"\$|USD|dólar(?:es)?", "dólar", "dólares"),
    Unit(rf"h{_DOT}|horas?", "hora", "horas", feminine=True),
    Unit(rf"min{_DOT}|minutos?", "minuto", "minutos"),
    Unit(rf"seg{_DOT}|segundos?", "segundo", "segundos"),
    Unit(r"días?", "día", "días"),
    Unit(r"km/h", "kilómetro por hora", "kilómetros por hora"),
    Unit(r"km|kilómetros?", "kilómetro", "kilómetros"),
    Unit(r"kg|kilos?", "kilo", "kilos"),
    Unit(r"kWh", "kilovatio hora", "kilovatios hora"),
    Unit(r"[°º]\s?C\b|°|grados?", "grado", "grados"),
    Unit(r"GB|gigas?", "giga", "gigas"),
    Unit(r"MB|megas?", "mega", "megas"),
    Unit(r"Mbps|megabits? por segundo", "megabit por segundo", "megabits por segundo"),
    Unit(r"años?", "año", "años"),
    Unit(r"mes(?:es)?", "mes", "meses"),
    Unit(r"céntimos?", "céntimo", "céntimos"),
    Unit(r"semanas?", "semana", "semanas", feminine=True),
    Unit(r"ve(?:z|ces)", "vez", "veces", feminine=True),
    Unit(r"facturas?", "factura", "facturas", feminine=True),
    Unit(r"llamadas?", "llamada", "llamadas", feminine=True),
    Unit(r"líneas?", "línea", "líneas", feminine=True),
    Unit(r"uds?\.|unidad(?:es)?", "unidad", "unidades", feminine=True),
    Unit(r"personas?", "persona", "personas", feminine=True),
)
ENGLISH_UNITS = (
    Unit(r"€|euros?", "euro", "euros"),
    Unit(r"\$|dollars?", "dollar", "dollars"),
    Unit(r"£|pounds?", "pound", "pounds"),
    Unit(r"h|hours?", "hour", "hours"),
    Unit(r"min|minutes?", "minute", "minutes"),
    Unit(r"km", "kilometer", "kilometers"),
    Unit(r"kg", "kilo", "kilos"),
    Unit(r"GB", "gigabyte", "gigabytes"),
    Unit(r"MB", "megabyte", "megabytes"),
)

_VALUES: Mapping[str, int] = {"X": 10, "V": 5, "I": 1}
_NUMERAL = r"(X{0,3}(?:IX|IV|V?I{0,3}))(?<=[XVI])\b(?!\.\s?[A-ZÁÉÍÓÚÑ])"  # no initial
_PLACE = re.compile(
    rf"\b((?i:siglo|capítulo|tomo|volumen|título|fase|nivel|tipo|anexo))\s{_NUMERAL}"
)
_KINGS = "Alfonso|Carlos|Enrique|Felipe|Fernando|Jaime|Juan Carlos|Juan Pablo|Luis|Pedro|Pío"
_QUEENS = "Isabel|Juana"
_NAME = r"[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+(?=\s[XVI]{2})"  # whoever else is counted
_RULER = re.compile(rf"\b(?:({_KINGS})|({_QUEENS})|({_NAME}))\s{_NUMERAL}")
_ORDINALS = 10  # the last ruler that has one

_SPANISH_NUMBER = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:,\d+)?")
_ENGLISH_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_MAX_DIGITS = 15  # what is longer is said digit by digit
_FRACTIONS: Mapping[str, str] = {
    "1/2": "un medio", "1/3": "un tercio", "2/3": "dos tercios", "1/4": "un cuarto",
    "3/4": "tres cuartos",
}  # fmt: skip
_FRACTION = re.compile(rf"(?<![\d/.,])(?:{'|'.join(_FRACTIONS)})(?![\d/])")
_COUNTED = "|".join(unit.written for unit in SPANISH_UNITS)


def _dotted(match: re.Match[str]) -> str:
    """Return what counts nothing, a version or the address of a computer, part by part."""
    return match[0].replace(".", " punto ")


_NOTATION = compile_rules(
    (r"(?<![\d.,])(?!\d{1,3}(?:\.\d{3})+(?!\.?\d))\d+(?:\.\d+){2,}", _dotted),
    (r"(?<![\d.,])([01]?\d|2[0-4])\.([0-5]\d)(?=\s?h(?:oras)?\b)", r"\1:\2"),
    (r"(?<=\blas\s)(\d\d?)\.([0-5]\d)(?!\.?\d)", r"\1:\2"),
    (rf"(?<![\d.,-])(\d+)\s?[-–]\s?(?=\d+\s?(?:%|{_COUNTED})(?!\w))", r"\1 a "),
    (rf"(?<![\d.,])(\d+)\.(\d\d?)(?=\s?(?:%|{_COUNTED})(?!\w))", r"\1,\2"),
    (r"(?<![\d.,])(\d+)\.(\d\d?)(?!\.?\d)", r"\1 punto \2"),
    (r"(?<![^\s(¿¡:])[-−](?=\d)", "menos "),
    (r"(?<=\d)(?:\s?½|\s1/2\b)", " y medio"),
    (r"\b1/2(?=\s(?!día)[a-záéíóúñ]+a\b)", "media"),
    (r"\b1/2(?=\s(?!del?\b)[a-záéíóúñ])", "medio"),
)


def rewrite_spanish_notation(text: str) -> str:
    """Return the text with what a dot, a dash or a half between figures means there."""
    return rewrite(text, _NOTATION)


def verbalize_spanish_numbers(text: str) -> str:
    """Return the text with every number as words, spaces around each."""
    return _SPANISH_NUMBER.sub(lambda m: f" {spanish_number(m[0])} ", text)


def verbalize_english_numbers(text: str) -> str:
    """Return the text with every number as words, spaces around each."""
    return _ENGLISH_NUMBER.sub(lambda m: f" {english_number(m[0])} ", text)


def verbalize_spanish_ordinals(text: str) -> str:
    """Return the text with 1.º and 2ª as words."""
    return re.sub(r"\b(\d{1,2})\.?([ºª])", _spanish_ordinal, text)


def verbalize_english_ordinals(text: str) -> str:
    """Return the text with 1st and 22nd as words."""
    ordinal = r"\b(\d{1,4})(?:st|nd|rd|th)\b"
    return re.sub(ordinal, lambda m: str(num2words(int(m[1]), lang="en", to="ordinal")), text)


def verbalize_spanish_fractions(text: str) -> str:
    """Return the text with halves, thirds and quarters as words."""
    return _FRACTION.sub(lambda m: _FRACTIONS[m[0]], text)


def verbalize_spanish_amounts(text: str) -> str:
    """Return the text with numbers before a unit, and the unit, as words."""
    return _verbalize_amounts(text, SPANISH_UNITS, _SPANISH_NUMBER, _spanish_amount)


def verbalize_english_amounts(text: str) -> str:
    """Return the text with numbers before a unit, and the unit, as words."""
    return _verbalize_amounts(text, ENGLISH_UNITS, _ENGLISH_NUMBER, _english_amount)


def spanish_number(written: str) -> str:
    """Return a number as it is said: 1.500, 3,5; digit by digit if long or led by a zero."""
    whole, _, decimals = written.replace(".", "").partition(",")
    if len(whole) > _MAX_DIGITS or (len(whole) > 1 and whole.startswith("0")):
        said = _digits(whole, "es")
    else:
        said = str(num2words(int(whole), lang="es"))
        said = said.replace("veintiuno mil", "veintiún mil").replace("uno mil", "un mil")
    return said + (f" coma {_digits(decimals, 'es')}" if decimals else "")


def english_number(written: str) -> str:
    """Return a number as it is said: 1,500, 3.5; digit by digit if long or led by a zero."""
    whole, _, decimals = written.replace(",", "").partition(".")
    if len(whole) > _MAX_DIGITS or (len(whole) > 2 and whole.startswith("0")):
        said = _digits(whole, "en")
    else:
        said = str(num2words(int(whole), lang="en")).replace(",", "")
    return said + (f" point {_digits(decimals, 'en')}" if decimals else "")


def _digits(written: str, lang: str) -> str:
    return " ".join(num2words(int(digit), lang=lang) for digit in written)


def _spanish_ordinal(match: re.Match[str]) -> str:
    said: str = num2words(int(match[1]), lang="es", to="ordinal")
    return said if match[2] == "º" else re.sub(r"o\b", "a", said)


def _verbalize_amounts(
    text: str,
    units: tuple[Unit, ...],
    number: re.Pattern[str],
    amount: Callable[[Unit, re.Match[str]], str],
) -> str:
    for unit in units:
        counted = rf"(?<!\d)({number.pattern})\s?(?:{unit.written})(?!\w)"
        text = re.sub(counted, partial(amount, unit), text)
    return text


def _spanish_amount(unit: Unit, match: re.Match[str]) -> str:
    said = spanish_number(match[1])
    if "," not in match[1]:
        said = _feminine(said) if unit.feminine else _before_noun(said)
    of = " de" if re.search(r"mill(?:ón|ones)$", said) else ""
    return f" {said}{of} {unit.one if match[1] == '1' else unit.many}"


def _english_amount(unit: Unit, match: re.Match[str]) -> str:
    return f" {english_number(match[1])} {unit.one if match[1] == '1' else unit.many}"


def _before_noun(said: str) -> str:
    return re.sub(r"uno$", "un", re.sub(r"veintiuno$", "veintiún", said))


def _feminine(said: str) -> str:
    """Return a number before a feminine noun; millions stay what they are."""
    *millions, rest = re.split(r"(?<=millón)|(?<=millones)", said)
    rest = re.sub(
        r"(cient|quinient|setecient|novecient)os\b", r"\1as", re.sub(r"uno$", "una", rest)
    )
    return "".join([*millions, rest])


def verbalize_roman_numerals(text: str) -> str:
    """Return the text with I to XXXIX behind a ruler, century or the like as words."""
    text = _PLACE.sub(lambda m: f"{m[1]} {_cardinal(_value(m[2]))}", text)
    return _RULER.sub(_ruler, text)


def _ruler(match: re.Match[str]) -> str:
    king, queen, other, numeral = match.groups()
    number, name = _value(numeral), king or queen or other
    if other or number > _ORDINALS:
        return f"{name} {_cardinal(number)}"
    ordinal: str = num2words(number, lang="es", to="ordinal")
    return f"{name} {re.sub('o$', 'a', ordinal) if queen else ordinal}"


def _cardinal(number: int) -> str:
    return str(num2words(number, lang="es"))


def _value(numeral: str) -> int:
    values = [_VALUES[letter] for letter in numeral]
    after = [*values[1:], 0]
    return sum(-one if one < behind else one for one, behind in zip(values, after, strict=True))
