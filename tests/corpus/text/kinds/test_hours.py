"""Hours and ranges of hours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.text.kinds.reading import said

# RAE, Ortografía (2010), VIII, 5.1: colon or point before the minutes; the model of 24 hours is
# read as it stands (dieciséis treinta), the model of 12 by the part of the day.
CASES = {
    "13:00 hrs, de 9:00 a 14:00 hrs": "trece horas, de nueve a catorce horas",
    "de 16.30 a 20.00 h": "de dieciséis treinta a veinte horas",
    "8:00-15:00": "ocho a quince",
    "a las 00:00 h": "a las cero horas",
    "16.30-20.00 h": "dieciséis treinta a veinte horas",
    "a la 1:30 y a las 13:05": "a la una treinta y a las trece cero cinco",
    "a las 10.30": "a las diez treinta",
    "las 21, las 21:00": "las veintiuna, las veintiuna",
    "a la 1 de la tarde": "a la una de la tarde",
    "10h30": "diez treinta",
    "9 a. m. y 1:30 p.m.": "nueve de la mañana y una treinta de la tarde.",
    "12 p. m., 12 a. m.": "doce del mediodía, doce de la noche.",
    "de 10 a 14 h": "de diez a catorce horas",
    "10-14 h y 24 h": "diez a catorce horas y veinticuatro horas",
    "21 h y 1 h": "veintiuna horas y una hora",
    "16:30:15": "dieciséis horas treinta minutos quince segundos",
    "de 9:30 a 14:00 h": "de nueve treinta a catorce horas",
    "a las 21 h": "a las veintiuna horas",
    "las 24:00": "las veinticuatro horas",
}
HOURS = st.integers(0, 23)


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_hours(written: str, words: str) -> None:
    assert said(written) == words


@given(
    HOURS, st.integers(1, 59), st.sampled_from(("{}:{:02}", "{:02}:{:02}", "{}.{:02}", "{}h{:02}"))
)
def test_an_hour_says_the_same_in_every_form(hour: int, minute: int, form: str) -> None:
    assert said(f"a las {form.format(hour, minute)}") == said(f"a las {hour}:{minute:02} h")


@given(HOURS, HOURS, st.sampled_from(("{}:00-{}:00 h", "{}.00 - {}.00 h", "{}:00 a {}:00 h")))
def test_a_range_says_the_same_in_every_form(begin: int, end: int, form: str) -> None:
    words = said(form.format(begin, end)).replace(" horas a ", " a ")
    assert words == said(f"{begin}.00 h a {end}.00 h").replace(" horas a ", " a ")


def test_choices_of_hours() -> None:
    assert said("a las 16:30", clock="12") == "a las cuatro y media de la tarde"
    assert said("a las 0:45", clock="12") == "a las una menos cuarto de la noche"
    assert said("a las 9:00", clock="12") == "a las nueve de la mañana"
