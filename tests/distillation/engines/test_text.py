"""Long text: every word once, no piece over the limit, cuts at sentences first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.engines import EngineError
from distillation.engines.long_text import LONGEST_WORD, pieces, tidy

WORDS = st.lists(st.text("abcñé.,;?! ", min_size=1, max_size=90), min_size=1, max_size=40)


def squeezed(text):
    return "".join(text.split())


@given(words=WORDS, limit=st.integers(LONGEST_WORD, 200))
def test_nothing_is_lost_and_nothing_is_too_long(words, limit):
    text = " ".join(" ".join(words).split()) or "a"
    parts = pieces(text, len, limit)
    assert squeezed("".join(parts)) == squeezed(text)
    assert all(0 < len(part) <= limit for part in parts)


def test_cuts_come_at_sentences_then_commas_then_words():
    text = "Uno dos tres. Cuatro cinco, seis siete. Ocho."
    assert pieces(text, len, 40) == ["Uno dos tres. Cuatro cinco, seis siete.", "Ocho."]
    assert pieces(text, len, 20) == ["Uno dos tres.", "Cuatro cinco,", "seis siete. Ocho."]
    assert pieces(text, len, 9) == [
        "Uno dos",
        "tres.",
        "Cuatro",
        "cinco,",
        "seis",
        "siete.",
        "Ocho.",
    ]
    assert pieces(text, len, 60) == [text]


def test_a_decimal_point_ends_no_sentence():
    assert pieces("Son 3.50 euros. Gracias.", len, 16) == ["Son 3.50 euros.", "Gracias."]


def test_tidy_text_is_one_line_without_controls():
    assert tidy("  Hola,\n\tqué\u200b tal\x00 ") == "Hola, qué tal"


@pytest.mark.parametrize("text", ["", " \n\t", "¡!", "…", "\x00"])
def test_nothing_to_say(text):
    with pytest.raises(EngineError, match="nothing to say") as caught:
        tidy(text)
    assert caught.value.code == "empty_text"


def test_what_says_nothing_where_a_text_is_cut_takes_nothing_along():
    """A dash or dots on their own used to leave the whole text unsaid."""

    def count(text):
        return len(tidy(text))

    assert pieces("Uno dos - tres cuatro. ... Cinco seis.", count, 10) == [
        "Uno dos -", "tres", "cuatro.", "Cinco", "seis.",
    ]  # fmt: skip
    assert pieces("Uno dos tres ... cuatro", count, 4) == ["Uno", "dos", "tres", "cuatro"]
    assert pieces("Uno dos tres. - . -", len, 8) == ["Uno dos", "tres.", "- . -"]
