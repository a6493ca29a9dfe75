"""Numbers: grouping by point, space or none, decimals, ranges, versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from corpus.text.cardinals import cardinal, digits
from tests.corpus.text.kinds.reading import said

# RAE, Ortografía (2010), VIII, 2.1: groups of three between spaces, either decimal sign, no groups
# in identifiers; DPD «cardinales». Points as grouping signs are against it and in daily use.
CASES = {
    "1.500 y 1500": "mil quinientos y mil quinientos",
    "1.234.567": "un millón doscientos treinta y cuatro mil quinientos sesenta y siete",
    "10 000 habitantes": "diez mil habitantes",
    "12 345": "doce mil trescientos cuarenta y cinco",
    "3,75": "tres coma setenta y cinco",
    "3,1416 y 3,05": "tres coma uno cuatro uno seis y tres coma cero cinco",
    "1,234.56": "mil doscientos treinta y cuatro coma cincuenta y seis",
    "2.0 y 2.0.1": "dos punto cero y dos punto cero punto uno",
    "0.500 kg": "cero coma cinco cero cero kilogramos",
    "007": "cero cero siete",
    "pulse 1,2,3": "pulse uno, dos, tres",
    "-5 y −3": "menos cinco y menos tres",
    "páginas 10-12": "páginas diez a doce",
    "perdió 3-2": "perdió tres dos",
    "2x1, 3 × 4 = 12": "dos por uno, tres por cuatro igual a doce",
    "100, 101 y 1000": "cien, ciento uno y mil",
    "21.000 y 31.000": "veintiún mil y treinta y un mil",
    "192.168.1.1": "ciento noventa y dos punto ciento sesenta y ocho punto uno punto uno",
    "٣ y ３": "tres y tres",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_numbers(written: str, words: str) -> None:
    assert said(written) == words


@given(st.integers(0, 10**15 - 1))
def test_numbers_are_those_of_num2words(number: int) -> None:
    theirs = num2words(number, lang="es")
    theirs = theirs.replace("veintiuno m", "veintiún m").replace("uno m", "un m")
    theirs = theirs.replace("veintiuno b", "veintiún b").replace("uno b", "un b")
    assert cardinal(number) == theirs


@given(st.integers(10_000, 999_999), st.sampled_from((".", " ", "\u00a0", "\u2009", "'", "")))
def test_a_number_says_the_same_however_it_is_grouped(number: int, sign: str) -> None:
    written = f"{number:,}".replace(",", sign)
    assert said(f"son {written}, creo") == f"son {cardinal(number)}, creo"


@given(st.integers(0, 99_999), st.integers(11, 99), st.sampled_from((",", ".")))
def test_both_decimal_signs_say_the_same_before_a_unit(whole: int, part: int, sign: str) -> None:
    expected = f"{cardinal(whole)} coma {cardinal(part)} por ciento"
    assert said(f"{whole}{sign}{part} %") == expected


def test_choices_of_numbers() -> None:
    assert said("1,500 kg", decimal_sign="point") == "mil quinientos kilogramos"
    assert said("1.500 kg", decimal_sign="point") == "uno punto cinco cero cero kilogramos"
    assert said("3,75", decimals="digits") == "tres coma siete cinco"
    assert digits("A1-2") == "uno dos"
