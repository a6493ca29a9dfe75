"""Numbers as they are written: grouping by point, comma, space or none, and decimals."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.text.cardinals import MOST_DIGITS, Form, cardinal, digits
from corpus.text.choices import Choices

_GROUPED = (
    r"\d{1,3}(?:(?:\.\d{3}){1,5}(?:,\d+)?|(?:,\d{3}){1,5}(?:\.\d+)?"
    r"|(?:'\d{3}){1,5}(?:[.,]\d+)?)"
)
_START, _END = r"(?<!\d)(?<!\d[.,'])", r"(?!\d)(?![.,']\d)"
NUMBER = rf"{_START}(?:{_GROUPED}|\d+(?:[.,]\d+)?){_END}"
"""A number without spaces, as a pattern without groups."""
SPACED = rf"{_START}\d{{1,3}}(?: \d{{3}}){{1,4}}(?:[.,]\d+)?{_END}"
"""A number in groups of three between spaces, which only its company tells from two numbers."""
EITHER = rf"(?:{SPACED}|{NUMBER})"
GROUPING = "'"
"""The grouping sign that is never a decimal one."""


@dataclass(frozen=True)
class Figure:
    """What a written number is worth.

    Attributes
    ----------
    whole, decimals : str
        Its digits before and behind the decimal sign; no decimals where there is none.
    sign : str
        The decimal sign as it was written: `,`, `.` or empty.
    """

    whole: str
    decimals: str = ""
    sign: str = ""

    @property
    def value(self) -> int:
        """The whole part."""
        return int(self.whole)

    @property
    def is_integer(self) -> bool:
        """Whether it has no decimals, or `,00` only."""
        return not self.decimals.strip("0") and len(self.decimals) != 1

    def spoken(self, choices: Choices, form: Form = "alone") -> str:
        """Return the number in words; its form counts only where it has no decimals."""
        if self.is_integer:
            return spoken_whole(self.whole, form, choices)
        sign = "coma" if choices.decimal_sign == "comma" else "punto"
        whole = spoken_whole(self.whole, "alone", choices)
        return f"{whole} {sign} {_spoken_decimals(self.decimals, choices)}"


def parse_figure(written: str, choices: Choices, *, grouping: str = "") -> Figure:
    """Return what a written number is worth.

    Parameters
    ----------
    written : str
        What `NUMBER` or `SPACED` matches.
    choices : Choices
        Decides over `1.500` and `1,500`: its `decimal_sign` is the decimal one.
    grouping : str
        Signs that group in this place whatever the choice, before exactly three digits.
    """
    written = written.replace(" ", "").replace(GROUPING, "")
    signs = [sign for sign in written if sign in ".,"]
    if not signs:
        return Figure(written)
    last = signs[-1]
    if len(set(signs)) == 1 and (len(signs) > 1 or _groups(written, last, choices, grouping)):
        return Figure(written.replace(last, ""))
    other = "," if last == "." else "."
    whole, _, decimals = written.replace(other, "").rpartition(last)
    return Figure(whole, decimals, last)


def spoken_whole(written: str, form: Form, choices: Choices) -> str:
    """Return digits as a number, or one by one where they are many or begin with a zero."""
    if len(written) > MOST_DIGITS or (len(written) > 1 and written.startswith("0")):
        return digits(written)
    thousands: Form = "feminine" if choices.feminine_thousands == "veintiuna" else "feminine_a"
    return cardinal(int(written), form, thousands=thousands)


def _groups(written: str, sign: str, choices: Choices, grouping: str) -> bool:
    whole, _, behind = written.partition(sign)
    if len(behind) != 3 or len(whole) > 3 or whole.startswith("0"):
        return False
    decimal = "," if choices.decimal_sign == "comma" else "."
    return sign in grouping or sign != decimal


def _spoken_decimals(decimals: str, choices: Choices) -> str:
    if choices.decimals == "digits" or len(decimals) > 2 or decimals.startswith("0"):
        return digits(decimals)
    return cardinal(int(decimals))


NUMBER_PATTERN = re.compile(NUMBER)
EITHER_PATTERN = re.compile(EITHER)
