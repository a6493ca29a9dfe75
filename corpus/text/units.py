"""Units and what else is counted: how each is written, and its words for one and for several."""

from __future__ import annotations

from dataclasses import dataclass

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
