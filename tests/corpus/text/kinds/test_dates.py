"""Dates and days of the week."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.text.cardinals import cardinal
from corpus.text.dates import MONTHS
from tests.corpus.text.kinds.reading import said

# RAE, Ortografía (2010), VIII, 5.2: day, month, year between hyphens, bars or points, or year first
# (ISO 8601); `de` before years from 2000 on; uno or, in America, primero for the first day.
CASES = {
    "5-11-2026": "cinco de noviembre de dos mil veintiséis",
    "05.11.26": "cinco de noviembre de dos mil veintiséis",
    "2026-11-27": "veintisiete de noviembre de dos mil veintiséis",
    "1/2/99": "uno de febrero de mil novecientos noventa y nueve",
    "5 nov. 2026": "cinco de noviembre de dos mil veintiséis",
    "5-nov-26": "cinco de noviembre de dos mil veintiséis",
    "1 de enero de 2026": "uno de enero de dos mil veintiséis",
    "1.º de mayo": "primero de mayo",
    "el 5/11": "el cinco de noviembre",
    "del 5/11 al 7/11": "del cinco de noviembre al siete de noviembre",
    "1-2 de mayo": "uno al dos de mayo",
    "11/27/2026": "veintisiete de noviembre de dos mil veintiséis",
    "29-2-2024": "veintinueve de febrero de dos mil veinticuatro",
    "el 24/7 y el 3/4": "el veinticuatro siete y el tres de abril",
    "lun.-vie.": "lunes a viernes",
    "L-V, L a J": "lunes a viernes, lunes a jueves",
    "lun. a vie. y sáb. 5": "lunes a viernes y sábado cinco",
    "sáb. y dom. cerrado": "sábado y domingo cerrado",
    "31-02-2026": "treinta y uno cero dos dos mil veintiséis",
    "2026-11-27T16:30": "veintisiete de noviembre de dos mil veintiséis, dieciséis treinta",
}
FORMS = (
    "{d}-{m}-{y}", "{d:02}-{m:02}-{y}", "{d}/{m}/{y}", "{d:02}/{m:02}/{y}", "{d}.{m}.{y}",
    "{d:02}.{m:02}.{y}", "{y}-{m:02}-{d:02}", "{y}/{m:02}/{d:02}", "{d} de {name} de {y}",
    "{d} {short}. {y}", "{d}-{short}-{y}", "{d:02}/{short}/{y}",
)  # fmt: skip


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_dates(written: str, words: str) -> None:
    assert said(written).rstrip(".") == words


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)), st.sampled_from(FORMS))
def test_a_date_says_the_same_in_every_form(date: datetime.date, form: str) -> None:
    name = MONTHS[date.month - 1]
    written = form.format(d=date.day, m=date.month, y=date.year, name=name, short=name[:3])
    words = f"{cardinal(date.day)} de {name} de {cardinal(date.year)}"
    assert said(f"Vence el {written}, creo.") == f"Vence el {words}, creo."


def test_choices_of_dates() -> None:
    assert said("1/5/2026", first_day="primero") == "primero de mayo de dos mil veintiséis"
    assert said("3/4/2026", day_first="no") == "cuatro de marzo de dos mil veintiséis"
