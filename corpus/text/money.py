"""Amounts of money: 21,00 €, 1.234,56 €, $1,500.00, 3 M€, 0,15 €/min."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.text.cardinals import Form, cardinal, counts_with_de
from corpus.text.choices import Choices
from corpus.text.figures import EITHER, Figure, parse_figure
from corpus.text.measures import DOT
from corpus.text.units import Unit, per


@dataclass(frozen=True)
class Currency:
    """A currency and how it is written.

    Attributes
    ----------
    written : str
        Pattern without groups.
    unit, cent : Unit
        What it and its hundredth are called; none for a currency without.
    grouping : str
        Signs that group thousands with it whatever the choice: `$1,500`.
    """

    written: str
    unit: Unit
    cent: Unit | None
    grouping: str = ""


_CENTIMO, _CENTAVO = Unit("céntimo", "céntimos"), Unit("centavo", "centavos")
_DOLLAR = Currency(r"\$|US\$|USD|dólar(?:es)?", Unit("dólar", "dólares"), _CENTAVO, ",.")
_PESO = Currency(
    r"MX\$|M\.\s?N|COP|MXN|CLP|ARS|UYU|DOP|pesos?", Unit("peso", "pesos"), _CENTAVO, ",."
)  # fmt: skip
CURRENCIES = (
    Currency(r"€|EUR|euros?", Unit("euro", "euros"), _CENTIMO),
    _DOLLAR,
    _PESO,
    Currency(r"£|GBP|libras?", Unit("libra", "libras", True), Unit("penique", "peniques"), ",."),
    Currency(r"S/|PEN|soles", Unit("sol", "soles"), _CENTIMO, ",."),
    Currency(r"CHF|francos?", Unit("franco", "francos"), _CENTIMO, ",."),
    Currency(r"¥|JPY|yen(?:es)?", Unit("yen", "yenes"), None, ",."),
)
_SIGNS = {
    one.written: re.compile(rf"(?:{one.written})$", re.IGNORECASE) for one in CURRENCIES
}  # fmt: skip
_WRITTEN = "|".join(sorted("|".join(one.written for one in CURRENCIES).split("|"), reverse=True))
_SCALE = (  # a capital M may begin the next word, or be that of "M.N.", moneda nacional
    r"(?:\s?(?P<scale{0}>mil\smillones|mill(?:ón|ones)|mil|M(?!\.\s?N)|mill\.)"
    r"(?:\sde)?(?!\w))?"
)
_RATE = r"(?:\s?/\s?(?P<per>[^\W\d_]{1,9}[²³]?)\b)?"
_MONEY = re.compile(
    rf"(?P<before>(?<![\w])(?:US\$|MX\$|[$€£¥]|S/|USD|EUR|GBP|MXN|COP|CLP|ARS|PEN|CHF)|(?<=\s)\$)\s?"
    rf"(?P<first>{EITHER}){_SCALE.format(1)}"
    rf"(?:\s?(?P<named>{_WRITTEN})(?![\w$])|(?!\s?(?:[€£¥]|EUR\b|euros?\b))){_RATE}"
    rf"|(?P<last>{EITHER}){_SCALE.format(2)}\s?(?P<behind>{_WRITTEN})(?![\w$])"
    rf"(?:\s?/\s?(?P<rate>[^\W\d_]{{1,9}}[²³]?)\b{DOT})?",
)
_RANGE = re.compile(
    rf"(?<![\w.,/:-])(\d+(?:[.,]\d+)?)\s?[-–]\s?(?=\d+(?:[.,]\d+)?\s?(?:{_WRITTEN})(?!\w))"
)
_BARE = re.compile(r"(?P<sign>[€$])\s?/\s?(?P<per>[^\W\d_]{1,9}[²³]?)\b")
_RATE_OF_WORDS = re.compile(
    r"(?<=\b)(?P<what>euros?|dólares|pesos|céntimos?|centavos?)\s?/\s?(?P<per>[^\W\d_]{1,9}[²³]?)\b"
)
_SCALES = {"m": "millones", "mill.": "millones", "millón": "millones", "millones": "millones"}
_LEAST_SHORT = 10  # cents from which `con cincuenta` needs no name: `con cinco` might be either


def read_money(text: str, choices: Choices) -> str:
    """Return the text with amounts of money as words.

    Cents follow `con`; without a whole part they are alone. More than two decimals are a rate and
    read as decimals. A comma or point before three digits groups with `$`, `£` and the like, with
    `€` it is what `Choices.decimal_sign` says.
    """
    return _MONEY.sub(lambda m: _money(m, choices), _RANGE.sub(r"\1 a ", text))


def read_rates(text: str, choices: Choices) -> str:
    """Return the text with €/mes and euros/mes without an amount as words."""
    text = _BARE.sub(lambda m: f" {_currency(m['sign'], choices).unit.many} {per(m['per'])}", text)
    return _RATE_OF_WORDS.sub(lambda m: f"{m['what']} {per(m['per'])}", text)


def _money(match: re.Match[str], choices: Choices) -> str:
    currency = _currency(match["named"] or match["before"] or match["behind"], choices)
    written = match["first"] or match["last"]
    figure = parse_figure(written, choices, grouping=currency.grouping)
    scale = match["scale1"] or match["scale2"]
    said = _scaled(figure, scale, currency, choices) if scale else _said(figure, currency, choices)
    rate = match["per"] or match["rate"]
    return f" {said} {per(rate)}" if rate else f" {said}"


def _currency(sign: str, choices: Choices) -> Currency:
    if sign == "$" and choices.dollar == "peso":
        return _PESO
    return next(one for one in CURRENCIES if _SIGNS[one.written].match(sign))


def _said(figure: Figure, currency: Currency, choices: Choices) -> str:
    if len(figure.decimals) > 2 or (figure.decimals and not currency.cent):
        return f"{figure.spoken(choices)} {currency.unit.many}"
    cents = int(figure.decimals.ljust(2, "0") or 0)
    if cents and not figure.value and currency.cent:
        return _counted(cents, currency.cent)
    whole = _whole(figure.whole, currency.unit, choices)
    if not cents or not currency.cent:
        return whole
    if choices.cents == "short" and cents >= _LEAST_SHORT:
        return f"{whole} con {cardinal(cents, _form(currency.cent, alone=True))}"
    return f"{whole} con {_counted(cents, currency.cent)}"


def _whole(written: str, unit: Unit, choices: Choices) -> str:
    said = Figure(written).spoken(choices, _form(unit))
    of = " de" if len(written) <= 15 and counts_with_de(int(written)) else ""
    return f"{said}{of} {unit.one if int(written) == 1 else unit.many}"


def _scaled(figure: Figure, scale: str, currency: Currency, choices: Choices) -> str:
    """Return 1,5 M€, 21 mil euros, 3 millones de dólares."""
    is_one = figure.is_integer and figure.value == 1
    if scale == "mil":
        said = f"{figure.spoken(choices, 'masculine')} mil" if not is_one else "mil"
        return f"{said} {currency.unit.many}"
    if scale.endswith(" millones"):
        said = "mil" if is_one else f"{figure.spoken(choices, 'masculine')} mil"
        return f"{said} millones de {currency.unit.many}"
    name = "millón" if is_one else _SCALES[scale.lower()]
    return f"{figure.spoken(choices, 'masculine')} {name} de {currency.unit.many}"


def _counted(number: int, unit: Unit) -> str:
    return f"{cardinal(number, _form(unit))} {unit.one if number == 1 else unit.many}"


def _form(unit: Unit, *, alone: bool = False) -> Form:
    if unit.feminine:
        return "feminine"
    return "alone" if alone else "masculine"
