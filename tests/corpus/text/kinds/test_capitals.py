"""Capitals: words, acronyms that are words, acronyms that are spelled."""

import pytest

from corpus.text.acronyms import is_word
from tests.corpus.text.kinds.reading import said

# RAE, Ortografía (2010), V, 3.3.2: an acronym is read where its letters make syllables of Spanish,
# spelled where they do not, or partly both (CD-ROM); V, 3.3.3: the -s of a plural is not written.
CASES = {
    "la SIM, el PUK y el PIN": "la sim, el puk y el pin",
    "su NIF, su CIF y su DNI": "su nif, su cif y su de ene i",
    "el IVA y el IRPF": "el iva y el i erre pe efe",
    "el IBAN, la OTAN y la ONU": "el iban, la otan y la onu",
    "un SMS, una URL, un PDF": "un ese eme ese, una u erre ele, un pe de efe",
    "los PDFs y las ONG": "los pe de efe y las o ene ge",
    "TV, PC, UE e IA": "te uve, pe ce, u e e i a",
    "USB, HDMI, ADSL": "u ese be, hache de eme i, a de ese ele",
    "un CD-ROM del CSIC y el PSOE": "un ce de rom del cesic y el pesoe",
    "¡IMPORTANTE! NO cuelgue": "¡importante! no cuelgue",
    "Es GRATIS. SÍ, YA": "Es gratis. sí, ya",
    "SU FACTURA ESTÁ LISTA": "su factura está lista",
    "SU DNI HA CADUCADO": "su de ene i ha caducado",
    "D.N.I. y S.M.S.": "de ene i y ese eme ese.",
    "la opción B, la A o la C": "la opción be, la A o la ce",
    "un MP3, un A4, la N-340": "un eme pe tres, un A cuatro, la ene trescientos cuarenta",
    "5G, 4K, USB 3.0": "cinco ge, cuatro ka, u ese be tres punto cero",
}


@pytest.mark.parametrize(("written", "words"), CASES.items())
def test_capitals_are_read_or_spelled(written: str, words: str) -> None:
    assert said(written) == words


@pytest.mark.parametrize(
    "word",
    ["LLAME", "CLARO", "TREN", "TRES", "PLAZO", "HOY", "MUY", "AQUÍ", "FLOR", "BIEN", "AUTO"],
)
def test_spanish_words_in_capitals_are_words(word: str) -> None:
    assert is_word(word)
