"""Signs, addresses and control characters of a text: as words, or out of the way."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.text.rewriting import compile_rules, rewrite

SPANISH_SIGNS: Mapping[str, str] = {
    "%": " por ciento ", "€": " euros ", "$": " dólares ", "&": " y ", "+": " más ",
    "@": " arroba ",
}  # fmt: skip
ENGLISH_SIGNS: Mapping[str, str] = {"%": " percent ", "&": " and ", "+": " plus ", "@": " at "}
_IN_COMPANY = compile_rules(
    (r"(?<=\d)\s?[x×]\s?(?=\d)", " por "),
    (r"(?<=\d)\s?=\s?(?=\d)", " igual a "),
    (r"(?<=\d)\s?M€", " millones de euros"),
    (r"(?<=[€$])/(mes|día|año)\b", r" al \1"),
    (r"(?<![\w#])#(?![\w#])", "almohadilla"),
    (r"(?<![\w*])\*(?![\w*])", "asterisco"),
)
_HOST = r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|gob|edu|cat|eu|es|mx|ar|co|cl|pe)\b"
_ADDRESS = re.compile(
    rf"(?<![\w.+-])(?:[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://)?{_HOST}(?:/[\w/-]*\w)?)",
    re.IGNORECASE,
)
_OF_ADDRESSES: Mapping[str, str] = {
    "@": "arroba", ".": "punto", "-": "guion", "_": "guion bajo", "/": "barra", "+": "más",
}  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]+")
_EDGE = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")  # between figure and letter
# "$5", but in "5 € 3" the sign belongs to what stands before it
_SIGN_FIRST = re.compile(r"(?<!\d)(?<!\d\s)([$€£])\s?(\d[\d.,]*)\b")


def one_line(text: str) -> str:
    """Return the text on one line: control characters and white space as single spaces."""
    return " ".join(_CONTROL.sub(" ", text).split())


def verbalize_signs(text: str, signs: Mapping[str, str]) -> str:
    """Return the text with each of these signs as its words."""
    for sign, said in signs.items():
        text = text.replace(sign, said)
    return text


def verbalize_spanish_signs_in_company(text: str) -> str:
    """Return the text with those signs as words that have a meaning next to figures or alone."""
    return rewrite(text, _IN_COMPANY)


def verbalize_spanish_addresses(text: str) -> str:
    """Return the text with e-mail and web addresses as words; figures in them stay figures."""
    return _ADDRESS.sub(_address, text)


def put_currency_last(text: str) -> str:
    """Return the text with `$5` as `5 $`."""
    return _SIGN_FIRST.sub(r"\2 \1", text)


def part_figures_from_letters(text: str) -> str:
    """Return the text with a space between a figure and a letter side by side."""
    return _EDGE.sub(" ", text)


def _address(match: re.Match[str]) -> str:
    bare = re.sub(r"^https?://", "", match[0], flags=re.IGNORECASE)
    bare = re.sub(r"^www\.", "tres uve dobles.", bare, flags=re.IGNORECASE)
    return "".join(f" {_OF_ADDRESSES[sign]} " if sign in _OF_ADDRESSES else sign for sign in bare)
