"""Numbers before a noun agree with it; what else is in figures is read as a number."""

from __future__ import annotations

import re

from corpus.text.cardinals import Form, counts_with_de
from corpus.text.choices import Choices
from corpus.text.figures import EITHER, NUMBER, Figure, parse_figure, spoken_whole
from corpus.text.gender import form_before, nouns

_VERSION = re.compile(r"(?<![\d.,])(?!\d{1,3}(?:\.\d{3})+(?!\.?\d))\d+(?:\.\d+){2,}(?![\d,])")
_RATIO = re.compile(r"(?<![\d.,:])(\d{1,3}):(\d{1,3})(?![\d.,:])")
_RANGE = re.compile(rf"(?<![\d.,-])(?P<a>{NUMBER})\s?[-–]\s?(?P<b>{NUMBER})(?!\s?[-–]?\d)")
_HYPHEN = re.compile(r"(?<=\d)[-–](?=\d)")
_FIGURES = re.compile(r"\d+")  # of a list, 1,2,3, or what nobody writes
_QUANTITY = re.compile(rf"(?P<n>{EITHER})")
_AHEAD = re.compile(r"\s?(?P<first>[^\W\d_]+)(?P<rest>(?:\s[^\W\d_]+){0,2})")
_BEFORE = re.compile(r"([^\W\d_]+)\.?\s$")
_OF_THEM = frozenset(("las", "estas", "esas", "aquellas", "nuestras", "vuestras"))
_SCALES = frozenset(("millón", "millones", "billón", "billones"))
_PHONE_LIKE = re.compile(r"[6-9]\d\d \d{3} \d{3}")
_PLAIN_POINT = re.compile(r"\d+\.\d+")
_ALTERNATIVE = re.compile(r"\s(?:[oua]|y)\s\d[\d.]*\s([a-záéíóúüñ]+)")
_LOOK_BACK = 24  # characters, more than the longest label


def read_numbers(text: str, choices: Choices) -> str:
    """Return the text with every number left in words, before nouns in their gender.

    `21 sillas` agrees; `la opción 21`, `el 21` and `21, 22` do not; neither does a number with
    decimals. Two numbers with a hyphen are a range where they ascend. Three numbers and more with
    points are a version or an address of a computer.
    """
    text = _VERSION.sub(lambda m: m[0].replace(".", " punto "), text)
    text = _RATIO.sub(r"\1 a \2", text)
    text = _HYPHEN.sub(" ", _RANGE.sub(lambda m: _range(m, choices), text))
    text = _QUANTITY.sub(lambda m: _quantity(m, choices), text)
    return _FIGURES.sub(lambda m: f" {spoken_whole(m[0], 'alone', choices)} ", text)


def _quantity(match: re.Match[str], choices: Choices) -> str:
    written = match["n"]
    ahead = _AHEAD.match(match.string, match.end())
    words = f"{ahead['first']}{ahead['rest']}".lower().split() if ahead else []
    form = _form(match, words, choices)
    if " " in written and not _is_one_number(written, form, words):
        return " ".join(
            f" {spoken_whole(group, 'alone', choices)} " for group in written.split(" ")
        )
    figure = parse_figure(written, choices)
    if _PLAIN_POINT.fullmatch(written) and figure.sign and not _is_measured(words):
        return f" {spoken_whole(figure.whole, 'alone', choices)} punto {_behind(figure, choices)} "
    of = " de" if _wants_de(figure, form) else ""
    return f" {figure.spoken(choices, form)}{of} "


def _form(match: re.Match[str], words: list[str], choices: Choices) -> Form:
    before = _BEFORE.search(match.string, max(0, match.start() - _LOOK_BACK), match.start())
    alternative = _ALTERNATIVE.match(match.string, match.end())
    if alternative and form_before(2, alternative[1]).startswith("feminine"):
        return "feminine"
    if not words or (before and before[1].lower() in nouns()["labels"]):
        return "alone"
    if words[0] in _SCALES:
        return "masculine"
    if words[0] == "mil":
        behind = form_before(2, *words[1:])
        return "feminine_a" if behind.startswith("feminine") else "masculine"
    number = parse_figure(match["n"], choices).whole
    if words[0] == "de" and len(words) > 1 and words[1] in _OF_THEM:
        return "feminine"
    if len(number) > 15 or (len(number) > 1 and number.startswith("0")):
        return "alone"
    return form_before(int(number), *words[:2])


def _is_one_number(written: str, form: Form, words: list[str]) -> bool:
    """Whether groups between spaces are one number: something is counted, or they are no phone."""
    if form != "alone" or (words and words[0] in ("de", "mil")):
        return True
    if words and words[0].endswith("s") and form_before(2, words[0]) != "alone":
        return True
    return not _PHONE_LIKE.fullmatch(written) and len(written) > len("1 234")


def _is_measured(words: list[str]) -> bool:
    return bool(words) and (words[0] in _SCALES or form_before(2, words[0]) != "alone")


def _behind(figure: Figure, choices: Choices) -> str:
    return spoken_whole(figure.decimals, "alone", choices)


def _wants_de(figure: Figure, form: Form) -> bool:
    is_counted = form != "alone" and figure.is_integer and len(figure.whole) <= 15
    return is_counted and counts_with_de(figure.value)


def _range(match: re.Match[str], choices: Choices) -> str:
    first, last = (parse_figure(match[side], choices) for side in ("a", "b"))
    ascends = first.value < last.value and not first.whole.startswith("0")
    return f"{match['a']} {'a ' if ascends else ''}{match['b']}"
