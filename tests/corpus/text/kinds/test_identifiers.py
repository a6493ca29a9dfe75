"""Identifiers are read digit by digit, their groups apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.text.cardinals import digits
from tests.corpus.text.kinds.reading import said

# RAE, Ortografía (2010), VIII, 2.1: identifiers are no quantities, so they have no groups of
# thousands; figures one by one is how they are dictated, no rule decides it.
CASES = {
    "DNI 12345678Z": "de ene i uno dos tres cuatro cinco seis siete ocho zeta",
    "NIE X1234567L": "nie equis uno dos tres cuatro cinco seis siete ele",
    "12.345.678-Z": "uno dos, tres cuatro cinco, seis siete ocho, zeta",
    "IBAN ES91 2100 0418": "iban e ese nueve uno, dos uno cero cero, cero cuatro uno ocho",
    "ES9121000418450200051332": "e ese nueve uno dos uno cero cero cero cuatro uno ocho cuatro "
    "cinco cero dos cero cero cero cinco uno tres tres dos",
    "el PUK 12345678": "el puk uno dos tres cuatro cinco seis siete ocho",
    "PIN: 0000": "pin: cero cero cero cero",
    "serie AB12-34C": "serie a be uno dos, tres cuatro ce",
    "912 345 678": "nueve uno dos, tres cuatro cinco, seis siete ocho",
    "91 234 56 78": "nueve uno, dos tres cuatro, cinco seis, siete ocho",
    "+34 600 12 34 56": "más tres cuatro, seis cero cero, uno dos, tres cuatro, cinco seis",
    "celular 312 345 6789": "celular tres uno dos, tres cuatro cinco, seis siete ocho nueve",
    "al 55 1234 5678": "al cinco cinco, uno dos tres cuatro, cinco seis siete ocho",
    "al 1-800-555-1234": "al uno, ocho cero cero, cinco cinco cinco, uno dos tres cuatro",
    "312 345 kilos": "trescientos doce mil trescientos cuarenta y cinco kilos",
    "900123456": "nueve cero cero, uno dos tres, cuatro cinco seis",
    "4532 1234 5678 9012": "cuatro cinco tres dos, uno dos tres cuatro, cinco seis siete ocho, "
    "nueve cero uno dos",
    "Su pedido es el 47092": "Su pedido es el cuatro siete cero nueve dos",
    "tarjeta terminada en 1234": "tarjeta terminada en uno dos tres cuatro",
    "expediente 2026/123": "expediente dos cero dos seis barra uno dos tres",
    "C.P. 28001": "código postal dos ocho cero cero uno",
    "matrícula 1234 BCD": "matrícula uno dos tres cuatro, be ce de",
    "MAC AA:B1:00:CC:22:3D": "mac a a, be uno, cero cero, ce ce, dos dos, tres de",
    "factura n.º F-2026/01": "factura número efe, dos cero dos seis barra cero uno",
    "Móvil 50 GB": "Móvil cincuenta gigas",
    "Un pedido de 12 unidades": "Un pedido de doce unidades",
    "La factura de 1.234,56 €": "La factura de mil doscientos treinta y cuatro euros con "
    "cincuenta y seis",
    "912 345 678 €": "novecientos doce millones trescientos cuarenta y cinco mil seiscientos "
    "setenta y ocho euros",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_identifiers(written: str, words: str) -> None:
    assert said(written) == words


@given(st.from_regex(r"[6-9][0-9]{8}", fullmatch=True), st.sampled_from(" .-"))
def test_a_telephone_says_its_digits_in_every_form(number: str, sign: str) -> None:
    grouped = sign.join((number[:3], number[3:6], number[6:]))
    pairs = sign.join((number[:3], number[3:5], number[5:7], number[7:]))
    for written in (number, grouped, pairs, f"+34 {number}", f"tel. {grouped}"):
        assert said(written).replace(",", "").endswith(digits(number))


@given(
    st.integers(0, 10**8 - 1),
    st.sampled_from(("PUK", "código", "número de pedido", "contrato n.º")),
)
def test_what_a_word_names_an_identifier_is_read_by_its_digits(number: int, cue: str) -> None:
    assert said(f"Su {cue} es {number:08}.").endswith(f"{digits(f'{number:08}')}.")


def test_choices_of_telephones() -> None:
    assert said("912 34 56 78", phone="groups") == (
        "novecientos doce, treinta y cuatro, cincuenta y seis, setenta y ocho"
    )
