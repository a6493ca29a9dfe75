"""Spanish cardinal numbers as words, alone or before a noun."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

Form = Literal["alone", "masculine", "feminine", "feminine_a"]
"""Before what a number stands: nothing (uno), a masculine noun (un), a feminine one (una), or a
feminine one that begins with a stressed a (un águila, doscientas águilas)."""

MOST_DIGITS = 15
"""Longer numbers are read digit by digit."""
MILLION, BILLION = 10**6, 10**12

_SMALL = (
    "cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez",
    "once", "doce", "trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho",
    "diecinueve", "veinte", "veintiuno", "veintidós", "veintitrés", "veinticuatro",
    "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
)  # fmt: skip
_TENS = ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
_HUNDREDS = (
    "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos",
    "setecientos", "ochocientos", "novecientos",
)  # fmt: skip


@lru_cache(maxsize=4096)
def cardinal(number: int, form: Form = "alone", *, thousands: Form = "feminine_a") -> str:
    """Return a number in words.

    Parameters
    ----------
    number : int
        0 to 10**15 - 1.
    form : Form
        What it stands before; `uno`, `veintiuno` and the hundreds agree with it.
    thousands : Form
        What the thousands before a feminine noun are: `feminine_a` for `veintiún mil personas`,
        `feminine` for `veintiuna mil personas`; both are right.

    References
    ----------
    RAE & ASALE, Diccionario panhispánico de dudas, «cardinales» and «uno»; Ortografía de la lengua
    española (2010), VIII, 3.1.
    """
    if number >= BILLION:
        return _scaled(number, BILLION, "un billón", "billones", form, thousands)
    if number >= MILLION:
        return _scaled(number, MILLION, "un millón", "millones", form, thousands)
    if number < 1000:
        return _below_thousand(number, form)
    many, rest = divmod(number, 1000)
    before = thousands if form.startswith("feminine") else "masculine"
    said = "mil" if many == 1 else f"{_below_thousand(many, before)} mil"
    return f"{said} {_below_thousand(rest, form)}" if rest else said


def digits(written: str) -> str:
    """Return figures one by one; other signs are left out."""
    return " ".join(_SMALL[int(sign)] for sign in written if sign.isdecimal())


def counts_with_de(number: int) -> bool:
    """Whether `de` follows before a noun: un millón de euros, un millón cien euros."""
    return number >= MILLION and number % MILLION == 0


def _scaled(number: int, scale: int, one: str, name: str, form: Form, thousands: Form) -> str:
    many, rest = divmod(number, scale)
    said = one if many == 1 else f"{cardinal(many, 'masculine')} {name}"
    return f"{said} {cardinal(rest, form, thousands=thousands)}" if rest else said


def _below_thousand(number: int, form: Form) -> str:
    if number == 100:
        return "cien"
    hundreds, rest = divmod(number, 100)
    words = [_hundred(hundreds, form)] if hundreds else []
    if rest or not hundreds:
        words.append(_below_hundred(rest, form))
    return " ".join(words)


def _hundred(hundreds: int, form: Form) -> str:
    said = _HUNDREDS[hundreds - 1]
    return f"{said[:-2]}as" if hundreds > 1 and form.startswith("feminine") else said


def _below_hundred(number: int, form: Form) -> str:
    if number < 30:
        said = _SMALL[number]
    else:
        tens, unit = divmod(number, 10)
        said = _TENS[tens - 3] + (f" y {_SMALL[unit]}" if unit else "")
    if form == "alone" or number % 10 != 1 or number == 11:
        return said
    if form == "feminine":
        return f"{said[:-1]}a"
    return "veintiún" if number == 21 else said[:-1]
