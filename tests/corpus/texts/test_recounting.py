"""Stored syllables follow the reader, and the rates of takes follow the syllables."""

from typing import Any

import pytest
from django.core.management import call_command

from corpus.models import ProsodyScore, Sentence
from corpus.phonetics import syllables
from corpus.services.sentences import recount_sounds
from tests.factories import RecordingFactory, SentenceFactory

pytestmark = pytest.mark.django_db

TEXT = "Son 1.234,56 € hasta el 5-11-2026 a las 16.30 h."


def test_syllables_are_those_of_the_words_that_are_spoken() -> None:
    said = "mil doscientos treinta y cuatro euros con cincuenta y seis"
    assert syllables("1.234,56 €") == syllables(said) == 17


def test_other_sounds_are_stored_and_rates_follow() -> None:
    sentence: Any = SentenceFactory(text=TEXT, syllables=10, phonemes="a")
    take: Any = RecordingFactory(sentence=sentence)
    score = ProsodyScore.objects.create(
        recording=take, analyser="t", quality=0.5, speech_rate=5.0,
        measures={"speech_rate": 5.0, "articulation_rate": None},
    )  # fmt: skip
    assert recount_sounds() == 1
    sentence.refresh_from_db()
    score.refresh_from_db()
    assert sentence.syllables == syllables(TEXT)
    assert score.speech_rate == pytest.approx(5 * syllables(TEXT) / 10)
    assert score.measures == {"speech_rate": score.speech_rate, "articulation_rate": None}
    assert recount_sounds() == 0


def test_the_command_says_how_many_changed(capsys) -> None:
    SentenceFactory(text="Hola.", syllables=9)
    call_command("recount_sounds")
    assert "1 sentences" in capsys.readouterr().out
    assert Sentence.objects.get().syllables == 2
