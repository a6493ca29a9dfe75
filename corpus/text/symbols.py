"""Signs as words, and figures apart from letters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.text.rewriting import compile_rules, rewrite

SPANISH_SIGNS: Mapping[str, str] = {
    "%": " por ciento ", "€": " euros ", "$": " dólares ", "£": " libras ", "&": " y ",
    "+": " más ", "@": " arroba ", "±": " más menos ", "≥": " mayor o igual que ",
    "≤": " menor o igual que ", "≈": " aproximadamente ", "÷": " entre ", "°": " grados ",
    "₂": " dos ", "²": " al cuadrado ", "³": " al cubo ", "\\": " barra invertida ",
}  # fmt: skip
ENGLISH_SIGNS: Mapping[str, str] = {"%": " percent ", "&": " and ", "+": " plus ", "@": " at "}
_IN_COMPANY = compile_rules(
    (r"(?<=[\d€])\s?[x×]\s?(?=\d)", " por "),
    (r"(?<=\d)\s?=\s?(?=\d)|(?<=[\d€$])\s=\s", " igual a "),
    (r"(?<=\d)\s?<\s?(?=\d)", " menor que "),
    (r"(?<=\d)\s?>\s?(?=\d)", " mayor que "),
    (r"(?<![\w#])#(?![\w#])", "almohadilla"),
    (r"(?<![\w#])#(?=\d)", "número "),
    (r"(?<![\w*])\*(?![\w*])", "asterisco"),
    (r"№\s?", "número "),
)
_LEFT_OVER = re.compile(r"(?<=\w)_+|[ºª]")
_EDGE = re.compile(r"(?<=\d)-?(?=[^\W\d_])|(?<=[^\W\d_])-?(?=\d)")  # between figure and letter
# "$5", but in "5 € 3" the sign belongs to what stands before it
_SIGN_FIRST = re.compile(r"(?<!\d)(?<!\d\s)([$€£])\s?(\d[\d.,]*)\b")


def verbalize_signs(text: str, signs: Mapping[str, str]) -> str:
    """Return the text with each of these signs as its words."""
    for sign, said in signs.items():
        if sign in text:
            text = text.replace(sign, said)
    return text


def read_signs_in_company(text: str) -> str:
    """Return the text with those signs as words that have a meaning next to figures or alone."""
    return rewrite(text, _IN_COMPANY)


def drop_signs_left_over(text: str) -> str:
    """Return the text without marks of ordinals and underscores that nothing has read."""
    return _LEFT_OVER.sub(lambda m: " guion bajo " if "_" in m[0] else "", text)


def put_currency_last(text: str) -> str:
    """Return the text with `$5` as `5 $`."""
    return _SIGN_FIRST.sub(r"\2 \1", text)


def part_figures_from_letters(text: str) -> str:
    """Return the text with a space between a figure and a letter side by side or with a hyphen."""
    return _EDGE.sub(" ", text)
