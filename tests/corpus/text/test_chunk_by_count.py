"""Long text: every word once, no piece over the limit, cuts at sentences first."""

from hypothesis import given
from hypothesis import strategies as st

from corpus.text.chunking import LONGEST_WORD, chunk_by_count

WORDS = st.lists(st.text("abcñé.,;?! ", min_size=1, max_size=90), min_size=1, max_size=40)


def squeezed(text):
    return "".join(text.split())


@given(words=WORDS, limit=st.integers(LONGEST_WORD, 200))
def test_nothing_is_lost_and_nothing_is_too_long(words, limit):
    text = " ".join(" ".join(words).split()) or "a"
    parts = chunk_by_count(text, len, limit)
    assert squeezed("".join(parts)) == squeezed(text)
    assert all(0 < len(part) <= limit for part in parts)


def test_text_is_split_at_sentences_then_commas_then_words():
    text = "Uno dos tres. Cuatro cinco, seis siete. Ocho."
    assert chunk_by_count(text, len, 40) == ["Uno dos tres. Cuatro cinco, seis siete.", "Ocho."]
    assert chunk_by_count(text, len, 20) == ["Uno dos tres.", "Cuatro cinco,", "seis siete. Ocho."]
    assert chunk_by_count(text, len, 9) == [
        "Uno dos",
        "tres.",
        "Cuatro",
        "cinco,",
        "seis",
        "siete.",
        "Ocho.",
    ]
    assert chunk_by_count(text, len, 60) == [text]


def test_a_decimal_point_does_not_end_a_sentence():
    assert chunk_by_count("Son 3.50 euros. Gracias.", len, 16) == ["Son 3.50 euros.", "Gracias."]
