"""Ordinals and Roman numerals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.text.ordinals import ordinal
from tests.corpus.text.kinds.reading import said

# RAE, Ortografía (2010), VIII, 3.2: one word from 11 to 29, separate words from 31; undécimo and
# duodécimo preferred; primer and tercer before a masculine noun (DPD «ordinales»); VIII, 2.2:
# Roman numerals of events are ordinals, of roads and centuries cardinals.
CASES = {
    "el 3.er piso": "el tercer piso",
    "en 21.º lugar": "en vigesimoprimer lugar",
    "queda 21.º.": "queda vigesimoprimero.",
    "la 100.ª vez": "la centésima vez",
    "la 2.ª planta, 3.º izq.": "la segunda planta, tercero izquierda.",
    "el 13.er día": "el decimotercer día",
    "11.º, 12.ª, 18.ª": "undécimo, duodécima, decimoctava",
    "30.º, 31.ª, 45.º": "trigésimo, trigésima primera, cuadragésimo quinto",
    "101.º y 1000.º": "centésimo primero y milésimo",
    "1.os y 2.as": "primeros y segundas",
    "1er, 2do, 3ra, 7mo": "primer, segundo, tercera, séptimo",
    "1º, 2ª y 1° dcha.": "primero, segunda y primero derecha.",
    "el siglo XXI": "el siglo veintiuno",
    "siglos XV, XVI y XVII": "siglos quince, dieciséis y diecisiete",
    "siglo XV-XVI, tipo I y C": "siglo quince a dieciséis, tipo uno y ce",
    "Felipe II, Isabel II, Alfonso XIII": "Felipe segundo, Isabel segunda, Alfonso trece",
    "el I Congreso y las IV Jornadas": "el primer Congreso y las cuartas Jornadas",
    "la N-II": "la ene dos",
    "XXV aniversario, II edición": "vigesimoquinto aniversario, segunda edición",
    "de la 1.ª fase": "de la primera fase",
    "Carlos V. Gómez": "Carlos uve. Gómez",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_ordinals(written: str, words: str) -> None:
    assert said(written) == words


@given(st.integers(1, 9999), st.sampled_from((".º", "º", ".o")))
def test_an_ordinal_says_the_same_in_every_form(number: int, sign: str) -> None:
    assert said(f"fue {number}{sign}") == f"fue {ordinal(number)}"


@given(st.integers(1, 9999))
def test_every_word_of_an_ordinal_agrees(number: int) -> None:
    assert ordinal(number, "a").split() == [f"{word[:-1]}a" for word in ordinal(number).split()]
