"""Slashes between words and figures."""

import pytest

from tests.corpus.text.kinds.reading import said

# RAE, Ortografía (2010), III, 3.4.10 «barra»: it stands for a preposition (km/h), between
# alternatives (querido/a amigo/a), or in abbreviations (c/); DPD «o»: u before o; «y/o».
CASES = {
    "Real Decreto 1/2013": "Real Decreto uno barra dos mil trece",
    "Sr./Sra. López": "señor o señora López",
    "y/o": "y o",
    "cliente/a": "cliente o clienta",
    "todos/as": "todos o todas",
    "doctor/a": "doctor o doctora",
    "trabajadores/as": "trabajadores o trabajadoras",
    "francés/a": "francés o francesa",
    "lunes/martes": "lunes o martes",
    "uno/otro": "uno u otro",
    "los/las": "los o las",
    "D./D.ª": "don o doña",
    "24/7": "veinticuatro siete",
    "Ley 39/2015": "Ley treinta y nueve barra dos mil quince",
    "TCP/IP": "te ce pe i pe",
    "c/ Mayor, s/n": "calle Mayor, sin número",
    "5/7 días": "cinco o siete días",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_slashes(written: str, words: str) -> None:
    assert said(written) == words


def test_choices_of_slashes() -> None:
    assert said("alta/baja", slash="barra") == "alta barra baja"
    assert said("alta/baja", slash="pause") == "alta, baja"
