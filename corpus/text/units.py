"""Symbols of units and what they are called, after the Ortografía's list of symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """What is measured.

    Attributes
    ----------
    one, many : str
        How one and several of it are called.
    feminine : bool
        Whether a number before it is feminine.
    """

    one: str
    many: str
    feminine: bool = False


def _prefixed(symbol: str, one: str, many: str) -> dict[str, Unit]:
    return {
        f"{sign}{symbol}": Unit(f"{prefix}{one}", f"{prefix}{many}")
        for sign, prefix in (("k", "kilo"), ("M", "mega"), ("G", "giga"), ("T", "tera"))
    }


def _powers(symbol: str, one: str, many: str, *, cubed: bool = True) -> dict[str, Unit]:
    named = {f"{symbol}²": "cuadrado", f"{symbol}2": "cuadrado"}
    if cubed:
        named |= {f"{symbol}³": "cúbico", f"{symbol}3": "cúbico"}
    return {sign: Unit(f"{one} {power}", f"{many} {power}s") for sign, power in named.items()}


SYMBOLS: Mapping[str, Unit] = {
    "km": Unit("kilómetro", "kilómetros"), "m": Unit("metro", "metros"),
    "cm": Unit("centímetro", "centímetros"), "mm": Unit("milímetro", "milímetros"),
    "dm": Unit("decímetro", "decímetros"), "hm": Unit("hectómetro", "hectómetros"),
    **_powers("km", "kilómetro", "kilómetros"), **_powers("m", "metro", "metros"),
    **_powers("cm", "centímetro", "centímetros"), **_powers("mm", "milímetro", "milímetros"),
    "kg": Unit("kilogramo", "kilogramos"), "g": Unit("gramo", "gramos"),
    "mg": Unit("miligramo", "miligramos"), "µg": Unit("microgramo", "microgramos"),
    "t": Unit("tonelada", "toneladas", feminine=True),
    "l": Unit("litro", "litros"), "L": Unit("litro", "litros"),
    "cl": Unit("centilitro", "centilitros"), "ml": Unit("mililitro", "mililitros"),
    "mL": Unit("mililitro", "mililitros"), "dl": Unit("decilitro", "decilitros"),
    "h": Unit("hora", "horas", feminine=True), "hs": Unit("hora", "horas", feminine=True),
    "min": Unit("minuto", "minutos"), "s": Unit("segundo", "segundos"),
    "seg": Unit("segundo", "segundos"), "ms": Unit("milisegundo", "milisegundos"),
    "Hz": Unit("hercio", "hercios"), **_prefixed("Hz", "hercio", "hercios"),
    "W": Unit("vatio", "vatios"), **_prefixed("W", "vatio", "vatios"),
    "Wh": Unit("vatio hora", "vatios hora"), **_prefixed("Wh", "vatio hora", "vatios hora"),
    "V": Unit("voltio", "voltios"), "mV": Unit("milivoltio", "milivoltios"),
    "kV": Unit("kilovoltio", "kilovoltios"), "mA": Unit("miliamperio", "miliamperios"),
    "mAh": Unit("miliamperio hora", "miliamperios hora"),
    "dB": Unit("decibelio", "decibelios"), "Ω": Unit("ohmio", "ohmios"),
    "N": Unit("newton", "newtons"), "Pa": Unit("pascal", "pascales"),
    "hPa": Unit("hectopascal", "hectopascales"), "kPa": Unit("kilopascal", "kilopascales"),
    "J": Unit("julio", "julios"), "kJ": Unit("kilojulio", "kilojulios"),
    "cal": Unit("caloría", "calorías", feminine=True),
    "kcal": Unit("kilocaloría", "kilocalorías", feminine=True),
    "B": Unit("bait", "baits"), **_prefixed("B", "bait", "baits"),
    "KB": Unit("kilobait", "kilobaits"),
    "bit": Unit("bit", "bits"), **_prefixed("b", "bit", "bits"), **_prefixed("bit", "bit", "bits"),
    "bps": Unit("bit por segundo", "bits por segundo"),
    **{f"{sign}bps": Unit(f"{name}bit por segundo", f"{name}bits por segundo")
       for sign, name in (("k", "kilo"), ("K", "kilo"), ("M", "mega"), ("G", "giga"))},
    "px": Unit("píxel", "píxeles"), "Mpx": Unit("megapíxel", "megapíxeles"),
    "MP": Unit("megapíxel", "megapíxeles"), "fps": Unit("fotograma por segundo",
                                                        "fotogramas por segundo"),
    "rpm": Unit("revolución por minuto", "revoluciones por minuto", feminine=True),
    "″": Unit("pulgada", "pulgadas", feminine=True),
    "ud": Unit("unidad", "unidades", feminine=True),
    "uds": Unit("unidad", "unidades", feminine=True),
    "pulg": Unit("pulgada", "pulgadas", feminine=True),
    "pts": Unit("punto", "puntos"), "cts": Unit("céntimo", "céntimos"),
    "cént": Unit("céntimo", "céntimos"),
}  # fmt: skip
"""By symbol; bytes are `baits`, as DLE and Ortografía have them said."""

COLLOQUIAL: Mapping[str, Unit] = {
    "Mb": Unit("mega", "megas"), "Gb": Unit("giga", "gigas"),
    "MB": Unit("mega", "megas"), "GB": Unit("giga", "gigas"), "TB": Unit("tera", "teras"),
}  # fmt: skip
"""The short names of amounts of data, which DLE has too."""

PER: Mapping[str, str] = {
    "mes": "al mes", "año": "al año", "día": "al día", "semana": "a la semana",
    "trimestre": "al trimestre", "noche": "por noche", "persona": "por persona",
    "ud": "por unidad",
    **{symbol: f"por {unit.one}" for symbol, unit in SYMBOLS.items()},
}  # fmt: skip
"""What a bar before a unit says: €/min, km/h, €/mes."""


def per(unit: str) -> str:
    """Return what `/unit` says behind an amount."""
    return PER.get(unit) or PER.get(unit.lower()) or f"por {unit}"
