"""Text in pieces: nothing lost, nothing too long, sentences whole."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from corpus.text.chunking import chunk_by_length
from corpus.text.cleaning import clean

LIMIT = 200
pieces = partial(chunk_by_length, first=40, limit=LIMIT)
SPANISH = st.text("aeiouáñ bcd.,;:!?¿¡…»)\n0123456789", max_size=900)


@given(st.one_of(st.text(max_size=600), SPANISH))
def test_nothing_is_lost_or_too_long(text: str) -> None:
    made = pieces(text)
    assert "".join("".join(made).split()) == "".join((clean(text).strip() or text).split())
    assert all(0 < len(piece) <= LIMIT for piece in made)


def test_a_short_first_sentence_is_a_chunk_and_the_rest_is_joined() -> None:
    first = "Buenos días, gracias por llamar a nuestro servicio."
    rest = "¿En qué puedo ayudarle? Le escucho. Dígame su número."
    assert pieces(f"{first} {rest}") == [first, rest]


def test_very_short_sentences_are_joined() -> None:
    assert pieces("Sí. No. Vale.") == ["Sí. No. Vale."]


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    text = "Le atiende la Sra. López de la oficina central de Madrid, planta 3.5 del edificio."
    assert pieces(text) == [text]


def test_a_long_sentence_is_split_at_its_clauses() -> None:
    clause = "y luego le llamaremos para confirmar la hora"
    made = pieces(", ".join([clause] * 12) + ".")
    assert len(made) > 1
    assert all(piece.endswith((",", ".")) for piece in made)


def test_a_word_over_the_limit_is_split() -> None:
    assert sum(map(len, pieces("a" * 4096))) == 4096


def test_each_line_is_a_sentence() -> None:
    assert pieces("Primera línea sin punto pero con bastantes palabras\nSegunda") == [
        "Primera línea sin punto pero con bastantes palabras",
        "Segunda",
    ]


def test_markup_is_taken_out_before_the_text_is_cut() -> None:
    text = "**Hola. Soy Ana, de atención al cliente de Voz Clara.** 😀\n<p>¿Qué [tal](http://x.es)?</p>"
    assert " ".join(pieces(text)) == (
        "Hola. Soy Ana, de atención al cliente de Voz Clara. ¿Qué tal?"
    )
