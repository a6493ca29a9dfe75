"""Fractions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.text.quantities import fraction_words
from tests.corpus.text.kinds.reading import said

# DPD «fraccionarios»: medio, tercio, then the ordinals to décimo, then -avo (onceavo), centésimo,
# milésimo; before `parte` the feminine ordinal. A half agrees with its noun (media hora).
CASES = {
    "½ kilo y ½ hora": "medio kilo y media hora",
    "1/2 kilo, 1/2 hora": "medio kilo, media hora",
    "2½ horas": "dos horas y media",
    "1 ½ kg": "un kilogramo y medio",
    "1 1/2 horas": "una hora y media",
    "2½": "dos y medio",
    "3/4 y ¾": "tres cuartos y tres cuartos",
    "1/3, ⅔": "un tercio, dos tercios",
    "2/3 partes": "dos terceras partes",
    "1/4 de hora": "un cuarto de hora",
    "½ l, ¼ kg": "medio litro, un cuarto de kilogramo",
    "5/8, 1/10": "cinco octavos, un décimo",
    "1/11 y 1/12": "un onceavo y un doceavo",
    "1/100, 1/1000": "un centésimo, un milésimo",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_fractions(written: str, words: str) -> None:
    assert said(written) == words


@given(st.integers(2, 12).flatmap(lambda b: st.tuples(st.integers(1, b - 1), st.just(b))))
def test_a_bar_between_figures_is_a_fraction_below_one(fraction) -> None:
    top, bottom = fraction
    assert said(f"Son {top}/{bottom}.") == f"Son {fraction_words(top, bottom)}."
