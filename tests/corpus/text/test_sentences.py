"""Where a text may be cut, for an engine and for the speech service."""

import pytest

from corpus.text.abbreviations import KEEP_OPEN
from corpus.text.chunking import ENGINE, SERVICE, split_clauses, split_sentences


def test_an_abbreviation_keeps_a_sentence_open_for_the_service_only() -> None:
    text = "Soy la Sra. Gil. ¿Y usted?"
    assert split_sentences(text, SERVICE) == ["Soy la Sra. Gil.", "¿Y usted?"]
    assert split_sentences(text, ENGINE) == ["Soy la Sra.", "Gil.", "¿Y usted?"]
    assert {"sra", "d"} < KEEP_OPEN


def test_closing_marks_stay_with_their_sentence_for_the_service_only() -> None:
    text = "«Voy ya.» Y se fue…) Fin."
    assert split_sentences(text, SERVICE) == ["«Voy ya.»", "Y se fue…)", "Fin."]
    assert split_sentences(text, ENGINE) == ["«Voy ya.", "Y se fue…", "Fin."]


@pytest.mark.parametrize("boundaries", [ENGINE, SERVICE])
def test_clauses_keep_their_punctuation_and_a_decimal_comma_ends_none(boundaries) -> None:
    assert split_clauses("Son 3,5; o 4, creo", boundaries) == ["Son 3,5;", "o 4,", "creo"]
    assert split_sentences("Son 3.50 euros. Ya", boundaries) == ["Son 3.50 euros.", "Ya"]
