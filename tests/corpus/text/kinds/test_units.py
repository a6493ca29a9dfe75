"""Units, speeds, degrees and percentages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.text.cardinals import cardinal
from corpus.text.units import COLLOQUIAL, SYMBOLS
from tests.corpus.text.kinds.reading import said

# RAE, Ortografía (2010), appendix 3 (symbols) and III, 3.4.10 (the bar of km/h says `por`); DLE for
# hercio, vatio, decibelio, giga; DPD «uno» for veintiuno por ciento.
CASES = {
    "5 GHz y 2,4 GHz": "cinco gigahercios y dos coma cuatro gigahercios",
    "600 Mbps, 1 Gbps": "seiscientos megabits por segundo, un gigabit por segundo",
    "10 cm, 21 cm": "diez centímetros, veintiún centímetros",
    "25 m² y 5 m2": "veinticinco metros cuadrados y cinco metros cuadrados",
    "3 m³, 5 km²": "tres metros cúbicos, cinco kilómetros cuadrados",
    "25 ºC, 20 °C, 3.º": "veinticinco grados, veinte grados, tercero",
    "68 °F y 1°": "sesenta y ocho grados Fahrenheit y un grado",
    "120 km/h y 5 m/s": "ciento veinte kilómetros por hora y cinco metros por segundo",
    "100 Mb/s": "cien megabits por segundo",
    "21 GB y 10 GB/mes": "veintiún gigas y diez gigas al mes",
    "1 kWh, 21 kWh": "un kilovatio hora, veintiún kilovatios hora",
    "30x40 cm": "treinta por cuarenta centímetros",
    "5000 mAh a 230 V": "cinco mil miliamperios hora a doscientos treinta voltios",
    "5-10 %": "cinco a diez por ciento",
    "0,5 l y 1 t": "cero coma cinco litros y una tonelada",
    "En 5 min. Fin": "En cinco minutos. Fin",
    "5 min. después": "cinco minutos después",
    "km/h": "kilómetros por hora",
    "el km 21": "el kilómetro veintiuno",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_units(written: str, words: str) -> None:
    assert said(written) == words


@given(
    st.sampled_from(sorted(set(SYMBOLS) - set(COLLOQUIAL))),
    st.integers(2, 9999),
    st.sampled_from(("{}{}", "{} {}", "{}\u00a0{}")),
)
def test_every_unit_is_named_after_every_number(symbol: str, number: int, form: str) -> None:
    unit = SYMBOLS[symbol]
    gender = "feminine" if unit.feminine else "masculine"
    assert said(form.format(number, symbol)) == f"{cardinal(number, gender)} {unit.many}"


def test_choices_of_units() -> None:
    assert said("21 GB", data="gigabytes") == "veintiún gigabaits"
    assert said("20 °C", celsius="grados Celsius") == "veinte grados Celsius"
