"""Abbreviations: each once per reader, and how its dot is treated."""

import pytest

from corpus.text.abbreviations import (
    ABBREVIATIONS,
    expand_abbreviations,
    expand_spanish_contractions,
)


def test_each_abbreviation_occurs_once_per_reader_and_spanish_ones_once_for_both() -> None:
    for readers in (("plain", "spanish", None), ("english",)):
        written = [one.written for one in ABBREVIATIONS if one.reader in readers]
        assert len(set(written)) == len(written)
        assert all(one == one.lower() and not one.endswith(".") for one in written)


@pytest.mark.parametrize(
    ("reader", "written", "expected"),
    [
        ("plain", "La SRA. Gil y la Srta. Gil, de Ud.", "La señora Gil y la Srta. Gil, de usted"),
        ("spanish", "La Sra. Gil y la Srta. Gil, etc.", "La Sra. Gil y la señorita Gil, etcétera."),
        ("english", "Mrs. Gill, ext. 5, etc.", "missus Gill, extension 5, et cetera."),
    ],
)
def test_a_reader_expands_its_own_and_leaves_the_last_full_stop(reader, written, expected) -> None:
    assert expand_abbreviations(written, reader) == expected


def test_context_decides_what_a_dot_alone_does_not() -> None:
    assert expand_spanish_contractions("D. Luis, plan D. De L-V en EE. UU.") == (
        "don Luis, plan D. De lunes a viernes en Estados Unidos."
    )
