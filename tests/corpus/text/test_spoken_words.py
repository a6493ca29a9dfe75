"""Which spoken words belong to which written word."""

import pytest

from corpus.text.english import normalize_english
from corpus.text.normalization import normalize_spanish
from corpus.text.spoken_words import align_words, spoken_words

SPANISH = {
    "Son 21 € con IVA.": ["Son", "21 €: veintiún euros", "con", "IVA."],
    "— El 05.11.26 de 1 mes —": [
        "— El", "05.11.26: cinco de noviembre de dos mil veintiséis", "de", "1: un", "mes —",
    ],
    "Sr. Dña. Dpto. 3": ["Sr.: señor", "Dña.: doña", "Dpto.: departamento", "3: tres"],
    "a las 16.30 h, 50 % más": [
        "a", "las", "16.30 h,: dieciséis treinta", "50 %: cincuenta por ciento", "más",
    ],
    "8 1/2 horas, ¿sí?": ["8 1/2 horas,: ocho horas y media", "¿sí?"],
    "Son $ 99.99 ya": ["Son", "$ 99.99: noventa y nueve dólares con noventa y nueve", "ya"],
    "1 000 000 de 2 de 3": ["1 000 000: un millón", "de", "2: dos", "de", "3: tres"],
    "…": [],
}  # fmt: skip


@pytest.mark.parametrize("text", SPANISH)
def test_written_words_have_their_spoken_words(text: str) -> None:
    said, found = spoken_words(normalize_spanish(text)), []
    for written, count in align_words(text, normalize_spanish):
        spoken, said = " ".join(said[:count]), said[count:]
        same = spoken == written.lower().strip("—…¿?.,: ")
        found.append(written if same else f"{written}: {spoken}")
    assert found == SPANISH[text]
    assert said == []


def test_english_too() -> None:
    found = align_words("I owe $1,500 at 5:30 p.m.", normalize_english)
    assert found[2:5] == [("$1,500", 5), ("at", 1), ("5:30", 2)]
