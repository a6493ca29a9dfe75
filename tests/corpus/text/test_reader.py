"""The reader of Spanish as a whole: nothing left to read, nothing changed in words, linear time."""

import time

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.text.choices import DEFAULT, Choices, configured_choices, parse_choices
from corpus.text.normalization import normalize_spanish, words
from tests.conftest import REPOSITORY

SENTENCES = [
    sentence["text"]
    for group in yaml.safe_load((REPOSITORY / "fixtures/corpus/sentences.yaml").read_text("utf-8"))
    for sentence in group["sentences"]
]
SLOW = ["1", "1.", "1 ", "123 ", "1/", "1-", "a.", "A.", "<a", "[", "*", "|", " ", "a/", "1:", "€1",
        "código de ", "PIN ", "+34 ", "10:10-", "½", "D. ", "a@", "1º"]  # fmt: skip
FIGURED = "aeo sl 0123456789.,:;/-+%€$ºª½'()*#hkmGBA"


@pytest.mark.parametrize("text", SENTENCES)
def test_a_text_in_words_stays_as_it_is(text: str) -> None:
    assert normalize_spanish(text, DEFAULT) == text


@settings(deadline=None)
@given(st.one_of(st.text(max_size=80), st.text(FIGURED, max_size=60)))
@example("1" * 4096)
@example("1.000" * 20)
@example("²³ ₂ ٣ 一")
def test_nothing_is_left_to_read(text: str) -> None:
    said = normalize_spanish(text, DEFAULT)
    assert not any(sign.isdecimal() for sign in said)
    assert not any(sign in said for sign in "/%€$&@")
    assert said == " ".join(said.split())


@given(st.text(FIGURED, max_size=60))
def test_reading_twice_in_one_process_gives_the_same(text: str) -> None:
    assert normalize_spanish(text, DEFAULT) == normalize_spanish(text, Choices())


@pytest.mark.parametrize("seed", SLOW)
def test_reading_takes_time_in_proportion_to_the_text(seed: str) -> None:
    took = []
    for length in (4_000, 16_000):
        text = (seed * length)[:length]
        begin = time.process_time()
        normalize_spanish(f"hola {text}", DEFAULT)
        took.append(time.process_time() - begin)
    assert took[1] < 12 * took[0] + 0.2


def test_words_are_those_of_the_reader() -> None:
    assert words("El router: 21 mensajes, DNI, Sra. Gil.") == (
        "el rúter veintiún mensajes de ene i señora gil".split()  # noqa: SIM905
    )


def test_choices_of_the_environment(monkeypatch, tmp_path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("acme = ácmi\n", "utf-8")
    monkeypatch.setenv("VOICELAB_READING", "clock=12, dollar=peso")
    monkeypatch.setenv("VOICELAB_LEXICON", str(mine))
    configured_choices.cache_clear()
    try:
        assert normalize_spanish("acme, $ 5 a las 16:30") == (
            "ácmi, cinco pesos a las cuatro y media de la tarde"
        )
    finally:
        configured_choices.cache_clear()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("watch=12", "no choice 'watch'; there are decimal_sign"),
        ("clock=13", "clock is 24 or 12, not '13'"),
        ("clock", "clock is 24 or 12, not ''"),
    ],
)
def test_a_wrong_choice_says_which_there_are(written: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_choices(written)
    with pytest.raises(ValueError, match="there is no file nowhere"):
        parse_choices("", lexicon="nowhere")
