"""Abbreviations: each once per reader, and how its point is treated."""

import pytest

from corpus.text.abbreviations import (
    ABBREVIATIONS,
    expand_abbreviations,
    expand_spanish_contractions,
)
from corpus.text.choices import DEFAULT
from corpus.text.normalization import normalize_spanish

# RAE, Ortografía (2010), apéndice 1 (list of abbreviations), and V, 3.2 (read in full).
CASES = {
    "Dpto. Técnico, Avda. Mayor": "departamento Técnico, avenida Mayor",
    "tlf. y tel.": "teléfono y teléfono.",
    "3.º izq. y 2.º dcha.": "tercero izquierda y segundo derecha.",
    "Voz S.A. y Luz S. L.": "Voz sociedad anónima y Luz sociedad limitada.",
    "la pág. 5 y las págs. siguientes": "la página cinco y las páginas siguientes",
    "el art. 12": "el artículo doce",
    "Sres. Gil y Sra. Ruiz": "señores Gil y señora Ruiz",
    "D.ª Ana y D. Luis": "doña Ana y don Luis",
    "Pan, etc. Gracias, etc.": "Pan, etcétera. Gracias, etcétera.",
    "Es el 3.º izq. ¿Verdad?": "Es el tercero izquierda. ¿Verdad?",
    "EE. UU. y CC. OO.": "Estados Unidos y Comisiones Obreras.",
    "p. ej., el n.º 5, núm. 6, N.º de serie": "por ejemplo, el número cinco, número seis, "
    "número de serie",
    "C/ Mayor, s/n, C.P. 28001": "calle Mayor, sin número, código postal dos ocho cero cero uno",
    "Uds. y Vd.": "ustedes y usted.",
    "M.ª Jesús, Sto. Tomás, P.º Recoletos": "María Jesús, santo Tomás, paseo Recoletos",
}


@pytest.mark.parametrize(("written", "said"), CASES.items())
def test_abbreviations_are_read_in_full(written: str, said: str) -> None:
    assert normalize_spanish(written, DEFAULT) == said


def test_each_abbreviation_occurs_once_per_reader() -> None:
    for reader in ("spanish", "english"):
        written = [one.written for one in ABBREVIATIONS if one.reader == reader]
        assert len(set(written)) == len(written)
        assert all(one == one.lower() and not one.endswith(".") for one in written)


@pytest.mark.parametrize(
    ("reader", "written", "expected"),
    [
        ("spanish", "La Sra. Gil y la SRTA. X, etc.", "La señora Gil y la señorita X, etcétera."),
        ("english", "Mrs. Gill, ext. 5, etc.", "missus Gill, extension 5, et cetera."),
    ],
)  # fmt: skip
def test_a_reader_expands_its_own_and_leaves_the_last_full_stop(reader, written, expected) -> None:
    assert expand_abbreviations(written, reader) == expected


def test_context_decides_what_a_dot_alone_does_not() -> None:
    assert expand_spanish_contractions("D. Luis, plan D. En EE. UU.") == (
        "don Luis, plan D. En Estados Unidos."
    )
