"""The Spanish words as tests need them: the catalogue, and what a page says."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.conftest import REPOSITORY

PO = REPOSITORY / "locale" / "es" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd%]|\{\w+\}")
READ = ("title", "aria-label", "placeholder", "alt")  # and data-… where it is a phrase
LONG = 12  # shorter messages may be the same word in both languages, or part of another


def catalog(path: Path = PO) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="es")


def messages(path: Path = PO) -> list[Message]:
    return [message for message in catalog(path) if message.id]


def forms(text: Any) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, list | tuple) else (text,)


def pairs() -> list[tuple[str, str]]:
    """English and Spanish of every message, plurals apart."""
    return [
        pair
        for message in messages()
        for pair in zip(forms(message.id), forms(message.string), strict=True)
    ]


def english_left(html: str) -> list[str]:
    """Return the long messages that a page contains in English although the Spanish differs."""
    said = text_of(html)
    return [piece for piece in _english() if piece in said]


def _english() -> list[str]:
    pieces = [
        max(re.split(rf"{PLACEHOLDER.pattern}|<[^>]+>", english), key=len).strip()
        for english, spanish in pairs()
        if english != spanish
    ]
    return [piece for piece in pieces if len(piece) > LONG]


def text_of(html: str) -> str:
    """Return the text of a page, including what a screen reader announces."""
    reader = _Reader()
    reader.feed(html)
    return " ".join(" ".join(reader.said).split())


def joined(html: str) -> str:
    """Return the markup without the white space between its parts, however it is laid out."""
    return re.sub(r"\s*([<>])\s*", r"\1", re.sub(r"\s+", " ", html))


def literal_words(template: str) -> set[str]:
    """Return the words of a template outside gettext, in texts and attributes."""
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", template, flags=re.S)
    text = re.sub(r"{% blocktrans.*?{% endblocktrans %}", "", text, flags=re.S)
    text = re.sub(r"<(script|pre)\b.*?</\1>", "", text, flags=re.S)
    text = re.sub(r"{[%{].*?[%}]}", "", text, flags=re.S)
    return set(re.findall(r"[^\W\d_]{3,}", text_of(text)))


def _is_read(name: str, value: str) -> bool:
    return name in READ or (name.startswith("data-") and " " in value.strip())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._unread = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "code"):
            self._unread = tag
        self.said += [value for name, value in attrs if value and _is_read(name, value)]

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unread:
            self._unread = ""

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.said.append(data)
