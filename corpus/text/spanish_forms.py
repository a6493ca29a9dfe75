"""What Spanish writes otherwise than it says: units, fractions, figures, signs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.text.rewriting import compile_rules
from corpus.text.text_units import Unit

_DOT = r"(?:\.(?=,|\s[a-záéíóúñ]))?"  # of an abbreviation, not of the sentence
UNITS = (
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
COUNTED = "|".join(unit.written for unit in UNITS)
HOUR = r"(?<![\d.,])([01]?\d|2[0-4])"
FRACTIONS: Mapping[str, str] = {
    "1/2": "un medio", "1/3": "un tercio", "2/3": "dos tercios", "1/4": "un cuarto",
    "3/4": "tres cuartos",
}  # fmt: skip


def _dotted(match: re.Match[str]) -> str:
    """Return what counts nothing, a version or the address of a computer, part by part."""
    return match[0].replace(".", " punto ")


PHRASES = compile_rules(
    # figures
    (r"(?<![\d.,])(?!\d{1,3}(?:\.\d{3})+(?!\.?\d))\d+(?:\.\d+){2,}", _dotted),
    (rf"{HOUR}\.([0-5]\d)(?=\s?h(?:oras)?\b)", r"\1:\2"),
    (r"(?<=\blas\s)(\d\d?)\.([0-5]\d)(?!\.?\d)", r"\1:\2"),
    (rf"(?<![\d.,-])(\d+)\s?[-–]\s?(?=\d+\s?(?:%|{COUNTED})(?!\w))", r"\1 a "),
    (rf"(?<![\d.,])(\d+)\.(\d\d?)(?=\s?(?:%|{COUNTED})(?!\w))", r"\1,\2"),
    (r"(?<![\d.,])(\d+)\.(\d\d?)(?!\.?\d)", r"\1 punto \2"),
    (r"(?<![^\s(¿¡:])[-−](?=\d)", "menos "),
    (r"(?<=\d)(?:\s?½|\s1/2\b)", " y medio"),
    (r"\b1/2(?=\s(?!día)[a-záéíóúñ]+a\b)", "media"),
    (r"\b1/2(?=\s(?!del?\b)[a-záéíóúñ])", "medio"),
    # signs
    (r"(?<=\d)\s?[x×]\s?(?=\d)", " por "),
    (r"(?<=\d)\s?=\s?(?=\d)", " igual a "),
    (r"(?<=\d)\s?M€", " millones de euros"),
    (r"(?<=[€$])/(mes|día|año)\b", r" al \1"),
    (r"(?<![\w#])#(?![\w#])", "almohadilla"),
    (r"(?<![\w*])\*(?![\w*])", "asterisco"),
)
