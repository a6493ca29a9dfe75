"""Text as read aloud: numbers, symbols, titles and acronyms as words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.text.english import normalize_english
from corpus.text.normalization import normalize_spanish, words


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("1.500 €", "mil quinientos euros"),
        ("3,5 %", "tres coma cinco por ciento"),
        ("a las 10:30", "a las diez treinta"),
        ("a las 9:00", "a las nueve"),
        ("su DNI", "su de ene i"),
        ("el IVA", "el iva"),
        ("007", "cero cero siete"),
        ("Sr. Núñez", "señor núñez"),
        ("açaí", "acaí"),
        ("n\u0303", "ñ"),
        ("日本 1" + "0" * 30, "uno " + " ".join(["cero"] * 30)),
    ],
)
def test_numbers_symbols_and_acronyms_are_expanded(text: str, spoken: str) -> None:
    assert words(text) == spoken.split()


def test_the_full_reader_keeps_case_and_symbols_and_expands_more() -> None:
    written = "Sres.: el 2.º a las 9 a. m., 21 € en la Avda. Mayor, etc."
    assert normalize_spanish(written) == (
        "señores: el segundo a las nueve de la mañana, veintiún euros en la avenida Mayor, "
        "etcétera."
    )


def test_english_has_its_own_numbers_and_letters() -> None:
    result = normalize_english("Dr. Smith: the FBI paid $1,250.50 on the 2nd, at 10:05.")
    assert " ".join(result.split()) == (
        "doctor Smith: the eff bee eye paid one thousand two hundred and fifty point five zero "
        "dollars on the second, at ten oh five."
    )


@settings(deadline=None)
@given(st.text(max_size=60))
def test_the_result_contains_no_digits(text: str) -> None:
    assert not any(sign.isdecimal() for sign in normalize_spanish(text))
    assert not any(sign.isdecimal() for sign in normalize_english(text))
