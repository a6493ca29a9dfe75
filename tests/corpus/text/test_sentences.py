"""Where a text may be cut: never behind an abbreviation, unless it ends its sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.text.abbreviations import ABBREVIATIONS
from corpus.text.chunking import split_clauses, split_sentences

WHOLE = (
    "Le llama el Dpto. Técnico de la Avda. Mayor.",
    "Vive en el 3.º izq. Madrid es su ciudad.",
    "Voz Clara S.A. Dpto. de Atención al Cliente.",
    "Voz Clara S. A. Dpto. de Atención.",
    "Véase la pág. 5 y el art. 12 del contrato.",
    "Su tlf. Es fijo, y el tel. 912 también.",
    "Soy la Sra. Gil y hablo con D. Luis y Dña. Ana.",
    "Firma J. L. Pérez, con José A. García.",
    "Gana el Dr. Ruiz, del C. C. La Vaguada.",
    "En la Pza. Mayor o en la Ctra. Nueva, p. ej. en verano.",
    "Es la ref. ABC y el exp. Ruiz.",
    "Abre lun. a vie. y cierra en ago. y dic. también.",
    "Llegó a las 9 a. m. y salió a las 3 p. m. con prisa.",
    "La bldg. está lejos.",
    "Ha tardado 5 min. en total.",
)
CUT = {
    "Pan, leche, etc. Gracias.": ["Pan, leche, etc.", "Gracias."],
    "Vive en el 3.º izq. ¿Verdad?": ["Vive en el 3.º izq.", "¿Verdad?"],
    "Soy de Voz S.A. ¿Y usted?": ["Soy de Voz S.A.", "¿Y usted?"],
    "Viene de EE. UU. Gracias.": ["Viene de EE. UU.", "Gracias."],
    "Abre a las 9 a. m. Gracias.": ["Abre a las 9 a. m.", "Gracias."],
    "Es la opción B. Pulse uno.": ["Es la opción B.", "Pulse uno."],
    "Son 3. Gracias.": ["Son 3.", "Gracias."],
    "Soy la Sra. Gil. ¿Y usted?": ["Soy la Sra. Gil.", "¿Y usted?"],
    "«Voy ya.» Y se fue…) Fin.": ["«Voy ya.»", "Y se fue…)", "Fin."],
    "Son 3.50 euros. Ya": ["Son 3.50 euros.", "Ya"],
    "Voy al mar. Gracias.": ["Voy al mar.", "Gracias."],
    "hola. le llamo. gracias": ["hola.", "le llamo.", "gracias"],
}
NEVER = [one.written for one in ABBREVIATIONS if one.reader == "spanish" and one.ends == "never"]


@pytest.mark.parametrize("text", WHOLE)
def test_no_sentence_is_cut_at_an_abbreviation(text: str) -> None:
    assert split_sentences(text) == [text]


@pytest.mark.parametrize(("text", "sentences"), CUT.items())
def test_sentences_end_where_they_end(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@given(
    st.sampled_from(NEVER),
    st.sampled_from([str.lower, str.upper, str.capitalize]),
    st.sampled_from(["Gil", "gil", "5", "¿sí?", "«Uno»"]),
)
def test_what_an_abbreviation_shortens_always_goes_on(written, cased, after) -> None:
    text = f"Es {cased(written)}. {after}"
    assert split_sentences(text) == [text]


@given(st.text("aeñ bc.,;:!?¿¡…»)123 ", max_size=80).map(lambda text: " ".join(text.split())))
def test_nothing_but_white_space_is_lost(text: str) -> None:
    assert "".join(split_sentences(text)).replace(" ", "") == text.replace(" ", "")


def test_clauses_keep_their_punctuation_and_a_decimal_comma_ends_none() -> None:
    assert split_clauses("Son 3,5; o 4, creo") == ["Son 3,5;", "o 4,", "creo"]
