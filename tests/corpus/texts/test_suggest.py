"""A style for every sentence, with a reason that quotes the text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.suggest import KINDS, suggest


@pytest.mark.parametrize(
    ("kind", "style"),
    [
        ("greeting", "amable"),
        ("welcome", "amable"),
        ("goodbye", "amable"),
        ("apology", "empatico"),
        ("problem", "empatico"),
        ("emotional-apology", "empatico"),
        ("data", "neutral"),
        ("number", "neutral"),
        ("fact", "neutral"),
        ("process", "profesional"),
        ("policy", "profesional"),
        ("confirmation", "profesional"),
        ("pangram", "neutral"),
        ("phonetic", "neutral"),
        ("emphatic-question", "profesional"),
    ],
)
def test_the_guide_decides_by_kind(kind: str, style: str) -> None:
    assert suggest(kind, "Hola, lo siento.").style == style


@pytest.mark.parametrize(
    ("text", "style", "cue"),
    [
        ("Hola, buenas tardes.", "amable", "Hola"),
        ("Gracias por llamar, lamento la espera.", "empatico", "lamento"),
        ("Le confirmo su cita del 3 de mayo.", "profesional", "confirmo"),
        ("¿Seguro que quiere darse de baja?", "profesional", "¿Seguro que quiere darse de baja?"),
        ("El saldo es de 1.250,50 €.", "neutral", "1.250,50 €"),
        ("Son veintidós personas.", "neutral", "veintidós"),
    ],
)
def test_without_a_kind_the_text_decides_and_is_quoted(text: str, style: str, cue: str) -> None:
    found = suggest("", text)
    assert (found.style, found.params) == (style, {"cue": cue})
    assert cue in str(found)


def test_a_text_without_cue_is_neutral_and_the_reason_says_so() -> None:
    found = suggest("", "La mesa está junto a la puerta.")
    assert found.style == "neutral"
    assert "nothing in the text" in str(found)


@settings(deadline=None)
@given(st.sampled_from(["", "other", *KINDS]), st.text(max_size=80))
def test_every_sentence_gets_a_style_and_a_reason(kind: str, text: str) -> None:
    found = suggest(kind, text)
    assert found.style in {"neutral", "amable", "empatico", "profesional"}
    assert str(found)
