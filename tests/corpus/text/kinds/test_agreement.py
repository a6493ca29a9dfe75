"""Numbers agree with the noun behind them: un mensaje, veintiún puntos, treinta y una sillas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.text.cardinals import cardinal
from corpus.text.gender import gender_of
from tests.corpus.text.kinds.reading import said

# DPD «uno» and «cardinales»: uno and its compounds are short before a masculine noun and before a
# feminine one with a stressed a (un águila), the hundreds agree (doscientas mil personas); por
# ciento is no noun (veintiuno por ciento); veintiún mil and veintiuna mil personas are both right.
CASES = {
    "1 mensaje y 1 llamada": "un mensaje y una llamada",
    "21 puntos y 31 sillas": "veintiún puntos y treinta y una sillas",
    "200 tarjetas y 500 clientes": "doscientas tarjetas y quinientos clientes",
    "1 día, 1 mano, 1 problema": "un día, una mano, un problema",
    "21 veces y 21 meses": "veintiuna veces y veintiún meses",
    "101 noches, 1001 noches": "ciento una noches, mil una noches",
    "21 águilas y 1 aula": "veintiún águilas y un aula",
    "1 gran oferta, 21 grandes planes": "una gran oferta, veintiún grandes planes",
    "21 nuevas líneas": "veintiuna nuevas líneas",
    "200.000 personas": "doscientas mil personas",
    "21.000 personas": "veintiún mil personas",
    "21 millones de personas": "veintiún millones de personas",
    "1 de las 3 líneas": "una de las tres líneas",
    "1 o 2 noches": "una o dos noches",
    "1 de cada 3": "uno de cada tres",
    "Pulse 1 para facturas": "Pulse uno para facturas",
    "la opción 21 sirve": "la opción veintiuno sirve",
    "El 21 vence su plazo": "El veintiuno vence su plazo",
    "el 21 estaremos": "el veintiuno estaremos",
    "Son 21, o 31.": "Son veintiuno, o treinta y uno.",
    "El 21 %": "El veintiuno por ciento",
    "21 kg y 21 t": "veintiún kilogramos y veintiuna toneladas",
}
GENDERS = {
    "feminine": "casa mano ciudad canciones noche llaves imágenes veces crisis luz actriz mujeres",
    "masculine": "día mapas problema sistemas programas camiones mes meses análisis pez clientes",
    "feminine_a": "agua águilas aula áreas arma hambre",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_numbers_agree_with_their_noun(written: str, words: str) -> None:
    assert said(written) == words


@pytest.mark.parametrize(("form", "nouns"), GENDERS.items())
def test_the_gender_of_nouns(form: str, nouns: str) -> None:
    assert {noun: gender_of(noun) for noun in nouns.split()} == dict.fromkeys(nouns.split(), form)


@given(
    st.integers(2, 999_999),
    st.sampled_from((("puntos", "masculine"), ("sillas", "feminine"), ("águilas", "feminine_a"))),
)
def test_every_number_takes_the_form_of_its_noun(number, noun) -> None:
    word, form = noun
    assert said(f"Hay {number} {word}.") == f"Hay {cardinal(number, form)} {word}."


def test_choices_of_agreement() -> None:
    assert said("21.000 personas", feminine_thousands="veintiuna") == "veintiuna mil personas"
    assert said("el 21 %", percent="un") == "el veintiún por ciento"
