"""Signs as words: in addresses, slashes, and any other; figures apart from letters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.text.choices import Choices
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
_HOST = (
    r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|gob|gov|edu|cat|eus|gal|eu|es|mx|ar|co|cl|pe|uy|ec|"
    r"io|app|dev|tel)\b"
)
_ADDRESS = re.compile(
    rf"(?<![\w.+-])(?:[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://)?{_HOST}(?::\d+)?"
    r"(?:/(?:[\w/.?=&%#~-]*[\w/])?)?)",
    re.IGNORECASE,
)
_A_SENTENCE = re.compile(r"[^\W\d_]*[a-záéíóúñ]\.[A-Z][a-z]+")  # "Gracias.Es un placer"
_DICTATED: Mapping[str, str] = {
    "@": "arroba", ".": "punto", "-": "guion", "_": "guion bajo", "/": "barra", "+": "más",
    "?": "interrogación", "=": "igual", "&": "y", "%": "por ciento", "#": "almohadilla",
    "~": "virgulilla", ":": "dos puntos",
}  # fmt: skip
_ENDING = re.compile(r"(?<![\w/])(?P<word>[^\W\d_]{3,})/(?P<ending>as?|os?|es)(?![\w/])")
_AND_OR = re.compile(r"\b([Yy])\s?/\s?([oó])\b")
_CHOICE = re.compile(r"(?<=[^\W\d_])(?P<dot>\.?)\s?/\s?(?=[^\W\d_]{2,}|[A-Z]\b)")
_BETWEEN_FIGURES = re.compile(r"(?<=\d)\s?/\s?(?=\d)")
_AROUND_THE_CLOCK = re.compile(r"(?<![\d/])24/7(?![\d/])")
_ANY = re.compile(r"\s*/\s*")
_SLASHES: Mapping[str, str] = {"o": " o ", "barra": " barra ", "pause": ", "}
_PLAIN = str.maketrans("áéíóú", "aeiou")


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


def read_addresses(text: str) -> str:
    """Return the text with e-mail and web addresses as words; figures in them stay figures."""
    return _ADDRESS.sub(_address, text) if "." in text else text


def _address(match: re.Match[str]) -> str:
    if _A_SENTENCE.fullmatch(match[0]):
        return match[0].replace(".", ". ")
    bare = re.sub(r"^https?://", "", match[0], flags=re.IGNORECASE)
    bare = re.sub(r"^www\.", "tres uve dobles.", bare, flags=re.IGNORECASE).rstrip("/")
    return "".join(f" {_DICTATED[sign]} " if sign in _DICTATED else sign for sign in bare)


def read_slashes(text: str, choices: Choices) -> str:
    """Return the text without slashes.

    Between words a slash is `o` (before o, `u`), since it stands between alternatives
    (Ortografía, III, 3.4.10 «barra»); `cliente/a` gives both words; `y/o` is read as it stands;
    between figures it is `barra`.
    """
    text = _AND_OR.sub(r"\1 \2", _AROUND_THE_CLOCK.sub("24 7", text))
    text = _ENDING.sub(_both, text)
    text = _CHOICE.sub(lambda m: _alternative(m, choices), text)
    text = _BETWEEN_FIGURES.sub(" barra ", text)
    return _ANY.sub(" ", text)


def _alternative(match: re.Match[str], choices: Choices) -> str:
    said = _SLASHES[choices.slash]
    follows = match.string[match.end() : match.end() + 2].lower()
    if said == " o " and follows.startswith(("o", "ho", "ó", "hó")):
        said = " u "
    return match["dot"] + said


def _both(match: re.Match[str]) -> str:
    """Return querido o querida, señor o señora, clientes o clientas, francés o francesa."""
    word, ending = match["word"], match["ending"]
    if ending == "es":
        return f"{word} o {_unstressed(word)}es"
    plural = ending.endswith("s") and word.endswith("s") and not word.endswith("és")
    stem = word.removesuffix("s") if plural else word
    stem = stem[:-1] if stem[-1] in "oae" else _unstressed(stem)
    if plural and word.endswith("es") and stem.endswith(("or", "er")):
        stem = stem.removesuffix("e")
    joint = " u " if stem.lower().startswith(("o", "ho")) else " o "
    return f"{word}{joint}{stem if word.isupper() else stem.lower()}{ending}"


def _unstressed(word: str) -> str:
    """Return a stem without the accent of its last syllable, which it loses before an ending."""
    return word[:-2] + word[-2:].translate(_PLAIN)
