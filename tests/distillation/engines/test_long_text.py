"""Long text of an engine: on one line, never empty, no speakable text lost."""

import pytest

from distillation.engines import EngineError
from distillation.engines.long_text import pieces, tidy


def test_tidy_text_is_one_line_without_control_characters():
    assert tidy("  Hola,\n\tqué\u200b tal\x00 ") == "Hola, qué tal"


@pytest.mark.parametrize("text", ["", " \n\t", "¡!", "…", "\x00"])
def test_a_text_without_words_gives_no_pieces(text):
    with pytest.raises(EngineError, match="nothing to say") as caught:
        tidy(text)
    assert caught.value.code == "empty_text"


def test_an_unspeakable_piece_does_not_drop_the_rest_of_the_text():
    """A dash or dots on their own used to prevent synthesis of the whole text."""

    def count(text):
        return len(tidy(text))

    assert pieces("Uno dos - tres cuatro. ... Cinco seis.", count, 10) == [
        "Uno dos -", "tres", "cuatro.", "Cinco", "seis.",
    ]  # fmt: skip
    assert pieces("Uno dos tres ... cuatro", count, 4) == ["Uno", "dos", "tres", "cuatro"]
    assert pieces("Uno dos tres. - . -", len, 8) == ["Uno dos", "tres.", "- . -"]
