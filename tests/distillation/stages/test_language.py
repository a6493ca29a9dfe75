"""The language of the corpus' own sentences, and of others."""

import numpy as np
import pytest

from distillation.pipeline.corpus_folder import read_corpus
from distillation.stages.style_runner import language_of
from voicelab.settings import BASE_DIR


def test_five_sentences_of_the_corpus_are_always_spanish() -> None:
    texts = read_corpus(BASE_DIR / "fixtures" / "corpus").texts
    rng = np.random.default_rng(0)
    assert {language_of(rng.choice(texts, 5, replace=False)) for _ in range(100)} == {"es"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Good morning, thank you for calling. How can I help you with your account today?"),
        ("pt", "Bom dia, obrigado por ligar para o nosso serviço. Em que posso ajudar você hoje?"),
        (
            "it",
            "Buongiorno, grazie per aver chiamato il nostro servizio. Come posso aiutarla?",
        ),
    ],
)
def test_other_languages_are_distinguished(language: str, text: str) -> None:
    assert language_of([text]) == language


def test_a_text_too_short_has_no_language() -> None:
    assert language_of(["Buenos días."]) == ""
    assert language_of([]) == ""
