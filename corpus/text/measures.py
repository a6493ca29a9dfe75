"""Amounts of a unit: 5 GHz, 120 km/h, 30 × 40 cm, 25 °C, 21 %."""

from __future__ import annotations

import re

from corpus.text.cardinals import Form
from corpus.text.choices import Choices
from corpus.text.figures import EITHER, Figure, parse_figure
from corpus.text.units import COLLOQUIAL, SYMBOLS, Unit, per

DOT = r"(?:\.(?=[,;:)]|\s[a-záéíóúñ]))?"
"""The full stop of an abbreviation, not of its sentence."""
_BY_LENGTH = "|".join(sorted(map(re.escape, SYMBOLS), key=len, reverse=True))
_MEASURE = re.compile(
    rf"(?P<n>{EITHER})\s?(?P<unit>{_BY_LENGTH})(?:\s?/\s?(?P<per>[^\W\d_]{{1,7}}[²³23]?))?"
    rf"(?![\w²³/]){DOT}"
)
_DEGREES = re.compile(rf"(?P<n>{EITHER})\s?(?:[°º]\s?(?P<scale>[CFK])\b|℃|(?P<plain>°))(?!\w)")
_PERCENT = re.compile(rf"(?P<n>{EITHER})\s?(?P<sign>[%‰])")
_RANGE = re.compile(
    rf"(?<![\w.,/:-])(\d+(?:[.,]\d+)?)\s?[-–]\s?(?=\d+(?:[.,]\d+)?\s?(?:%|(?:{_BY_LENGTH})\b))"
)
_DEGREE = Unit("grado", "grados")
_SCALES = {"F": " Fahrenheit", "K": " Kelvin"}
_NEGATIVE = re.compile(r"(?<![^\s(¿¡:])[-−](?=\d)")


def read_measures(text: str, choices: Choices) -> str:
    """Return the text with amounts of a unit, of degrees, and percentages as words."""
    text = _RANGE.sub(r"\1 a ", text)
    text = _DEGREES.sub(lambda m: _degrees(m, choices), text)
    text = _MEASURE.sub(lambda m: _measure(m, choices), text)
    return _PERCENT.sub(lambda m: _percent(m, choices), text)


def read_negatives(text: str) -> str:
    """Return the text with a minus before a number as a word."""
    return _NEGATIVE.sub("menos ", text)


def amount(figure: Figure, unit: Unit, choices: Choices) -> str:
    """Return how much of a unit: veintiún metros, una hora, cero coma cinco litros."""
    form: Form = "feminine" if unit.feminine else "masculine"
    is_one = figure.is_integer and figure.whole == "1"
    return f"{figure.spoken(choices, form)} {unit.one if is_one else unit.many}"


def _measure(match: re.Match[str], choices: Choices) -> str:
    unit = SYMBOLS[match["unit"]]
    if choices.data == "gigas" and match["per"] != "s":
        unit = COLLOQUIAL.get(match["unit"], unit)
    said = amount(parse_figure(match["n"], choices), unit, choices)
    return f" {said} {per(match['per'])}" if match["per"] else f" {said}"


def _degrees(match: re.Match[str], choices: Choices) -> str:
    said = amount(parse_figure(match["n"], choices), _DEGREE, choices)
    if match["plain"]:
        return f" {said}"
    celsius = choices.celsius.removeprefix("grados")
    return f" {said}{_SCALES.get(match['scale'] or 'C', celsius)}"


def _percent(match: re.Match[str], choices: Choices) -> str:
    form: Form = "masculine" if choices.percent == "un" else "alone"
    said = parse_figure(match["n"], choices).spoken(choices, form)
    return f" {said} por {'ciento' if match['sign'] == '%' else 'mil'}"
