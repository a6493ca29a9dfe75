"""What is not said: markup, emoji, invisible signs; composed Unicode comes first."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.text.cleaning import clean, one_line
from tests.corpus.text.kinds.reading import said

CASES = {
    "**Hola**, *qué* tal": "Hola, qué tal",
    "__Hola__ _qué_ ~~tal~~": "Hola qué tal",
    "# Título\nTexto": "Título Texto",
    "- uno\n- dos\n* tres": "uno dos tres",
    "> cita": "cita",
    "[aquí](https://x.es/a) ![foto](b.png)": "aquí foto",
    "```\ncódigo\n```": "código",
    "| a | b |\n|---|---|": "a, b",
    "<p>Hola</p><b>mundo</b>": "Hola mundo",
    "<speak>Hola<break time='1s'/>mundo</speak>": "Hola, mundo",
    "&amp; &nbsp;caf&eacute;": "y café",
    "Hola 😀👍🏽 ❤️ 🇪🇸": "Hola",
    "co\u00adoperar, \u200bya\ufeff": "cooperar, ya",
    "man\u0303ana": "mañana",
    "Pulse # o *.": "Pulse almohadilla o asterisco.",
    "5 < 7 y 7 > 5": "cinco menor que siete y siete mayor que cinco",
    "1\ufe0f\u20e3 Uno": "uno Uno",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_markup_and_invisible_signs_are_not_said(written: str, words: str) -> None:
    assert said(written) == words


@given(st.text(max_size=80))
def test_cleaned_text_is_composed(text: str) -> None:
    assert unicodedata.is_normalized("NFC", clean(text))


@given(st.text("ab *_#<>&|\n-12", max_size=30))
def test_nothing_that_is_a_letter_or_figure_is_lost_outside_tags(text: str) -> None:
    if "<" not in text and "&" not in text:
        kept = [sign for sign in clean(text) if sign.isalnum()]
        assert kept == [sign for sign in text if sign.isalnum()]


def test_one_line_has_no_control_characters() -> None:
    assert one_line("a\x00b\n c\t") == "a b c"
