"""Money: one amount, however it is written, says the same words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.text.cardinals import cardinal
from tests.corpus.text.kinds.reading import said

# DPD «euro», «dólar», «cardinales» (un before the noun; de behind millions); Ortografía (2010),
# VIII, 2.1 (grouping and decimal sign) and III, 3.4.10 (the bar of €/min is a preposition). How
# cents are said no rule of the RAE decides: `con` and the number is the usual way in Spain.
CASES = {
    "21,00 €": "veintiún euros",
    "1.234,56 €": "mil doscientos treinta y cuatro euros con cincuenta y seis",
    "$99.99": "noventa y nueve dólares con noventa y nueve",
    "$1,500.00": "mil quinientos dólares",
    "$1,500": "mil quinientos dólares",
    "0,15 €/min": "quince céntimos por minuto",
    "19,90 €/mes": "diecinueve euros con noventa al mes",
    "1 €": "un euro",
    "0,01 €": "un céntimo",
    "3,05 €": "tres euros con cinco céntimos",
    "1.000.000 €": "un millón de euros",
    "1 234 567 €": "un millón doscientos treinta y cuatro mil quinientos sesenta y siete euros",
    "1,5 M€": "uno coma cinco millones de euros",
    "3 mil millones de euros": "tres mil millones de euros",
    "-21,50 €": "menos veintiún euros con cincuenta",
    "20-30 €": "veinte a treinta euros",
    "£21": "veintiuna libras",
    "€ 5.99": "cinco euros con noventa y nueve",
    "0,1234 €/kWh": "cero coma uno dos tres cuatro euros por kilovatio hora",
    "21 pesos y 15 cts.": "veintiún pesos y quince céntimos",
    "10€ 3 veces": "diez euros tres veces",
    "euros/mes": "euros al mes",
    "2 x 5,50 € = 11 €": "dos por cinco euros con cincuenta igual a once euros",
    "0,30 €/SMS": "treinta céntimos por ese eme ese",
    "€5 000 000.00": "cinco millones de euros",
    "$500 MXN al mes": "quinientos pesos al mes",
    "PAGUE $500 MENSUALES": "pague quinientos dólares mensuales",
    "$20 MB": "veinte dólares eme be",
    "$500 M.N. Gracias": "quinientos pesos. Gracias",
    "$ 25,000 pesos": "veinticinco mil pesos",
    "$500 dólares": "quinientos dólares",
    "$1.234.567,89 pesos": "un millón doscientos treinta y cuatro mil quinientos sesenta y siete "
    "pesos con ochenta y nueve",
    "MXN 500": "quinientos pesos",
    "$3 M": "tres millones de dólares",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_amounts_of_money(written: str, words: str) -> None:
    assert said(written).rstrip(".") == words


def grouped(number: int, sign: str) -> str:
    return f"{number:,}".replace(",", sign)


@given(
    st.integers(0, 999_999_999),
    st.integers(0, 99),
    st.sampled_from((",", ".")),
    st.sampled_from(("", ".", ",", " ", "\u00a0", "\u202f", "'")),
    st.sampled_from(("{}€", "{} €", "€{}", "€ {}", "{} euros", "{} EUR")),
)
def test_an_amount_says_the_same_in_every_form(euros, cents, decimal, grouping, form) -> None:
    if grouping == decimal:
        grouping = ""
    written = form.format(f"{grouped(euros, grouping)}{decimal}{cents:02}")
    assert said(written) == said(f"{euros},{cents:02} €")


@given(st.integers(2, 999_999))
def test_whole_euros_are_the_number_before_a_masculine_noun(euros: int) -> None:
    assert said(f"{grouped(euros, '.')} €") == f"{cardinal(euros, 'masculine')} euros"


def test_choices_of_money() -> None:
    assert said("3,50 €", cents="full") == "tres euros con cincuenta céntimos"
    assert said("$ 20.50", dollar="peso") == "veinte pesos con cincuenta"
    assert said("1,459 €/l") == "uno coma cuatro cinco nueve euros por litro"
    assert said("1,459 €", decimal_sign="point") == "mil cuatrocientos cincuenta y nueve euros"
