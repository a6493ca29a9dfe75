"""When Kokoro speaks each word: in order, where the sound is, and not in its pauses."""

import re
from itertools import pairwise

import numpy as np
import pytest

from corpus.audio.types import Samples
from distillation.engines.base import EngineError, SpokenWord
from distillation.engines.kokoro.captions import Captions, phoneme_spans, word_frames
from distillation.engines.kokoro.student import KokoroStudent
from tests.kokoros import in_bf16

SR = 24_000
TEXT = "Para confirmar su identidad, son 21 € el 5-11-2026. Pues papá tapa todo. ¿Sí?"
ENGLISH = "One of the best, isn't it? It was in the middle of a week."
PHONES = {"of": "ʌv", "the": "ðə", "best": "bˈɛst"}


def test_words_that_a_language_runs_together_are_parted() -> None:
    spans = phoneme_spans(["of", "the", "best"], "ʌvðə bˈɛst.", PHONES.__getitem__)
    assert spans == [(0, 2), (2, 4), (5, 10)]


def test_a_pause_belongs_to_no_word() -> None:
    frames = [8, 2, 3, 20, 2, 4, 4, 6, 1]  # ab, cd. and the silence at both ends
    words = word_frames("ab, cd.", "ab, cd.", frames, str, str)
    assert [word for word, _ in words] == ["ab,", "cd."]
    assert [end - first for _, (first, end) in words] == [5, 8]
    assert words[1][1][0] - words[0][1][1] == 22


def test_a_word_is_told_with_the_sound_in_which_it_ends() -> None:
    words = [("uno", (0, 10)), ("dos", (10, 30))]
    captions = Captions(words, (0, 40), 24_000, SR)
    loud = np.ones(12_000, np.float32)
    assert captions.after(loud) == [SpokenWord("uno", 0.0, 0.25)]
    assert captions.after(loud * np.float32(0.001)) == [SpokenWord("dos", 0.25, 0.5)]


def timed(
    student: KokoroStudent, text: str, voice: str, speed: float = 1.0
) -> tuple[Samples, list[SpokenWord]]:
    parts = list(student.captioned(text, student.stock_voice(voice), speed=speed))
    return np.concatenate([audio.y for audio, _ in parts]), [one for _, of in parts for one in of]


@pytest.mark.weights
class TestTimes:
    @pytest.mark.parametrize(
        ("text", "lang", "voice", "speed"),
        [
            (TEXT, "es", "ef_dora", 1.0), (TEXT, "es", "em_alex", 0.6),
            (TEXT, "es", "ef_dora", 1.4), (TEXT, "es", "ef_dora", 2.0),
            (ENGLISH, "en", "ef_dora", 1.0),
        ],
    )  # fmt: skip
    def test_every_word_lies_in_the_sound(
        self, real_kokoro: KokoroStudent, text: str, lang: str, voice: str, speed: float
    ) -> None:
        y, words = timed(in_bf16(real_kokoro).in_language(lang), text, voice, speed)
        assert " ".join(one.word for one in words) == text
        ends = [at for one in words for at in (one.start_s, one.end_s)]
        assert ends == sorted(ends)
        assert all(one.end_s - one.start_s >= 0.025 for one in words)
        sounding = np.abs(y) > 0.02 * np.abs(y).max()
        assert words[0].start_s <= np.flatnonzero(sounding)[0] / SR + 0.03
        assert words[-1].end_s == pytest.approx(np.flatnonzero(sounding)[-1] / SR, abs=0.08)
        power = y.astype(float) ** 2
        inside = np.zeros(len(y), bool)
        for one in words:
            inside[round(one.start_s * SR) : round(one.end_s * SR)] = True
        assert power[~inside].sum() < 0.02 * power.sum()
        pauses = [after.start_s - one.end_s for one, after in pairwise(words)]
        commas = [one.word[-1] in ",.?" for one in words[:-1]]
        assert min(p for p, at in zip(pauses, commas, strict=True) if at) > 0.04
        assert max(p for p, at in zip(pauses, commas, strict=True) if not at) < 0.15

    def test_the_sound_is_that_of_a_stream(self, real_kokoro: KokoroStudent) -> None:
        voice = real_kokoro.stock_voice("ef_dora")
        streamed = np.concatenate([one.y for one in real_kokoro.stream("Pues papá.", voice)])
        assert timed(real_kokoro, "Pues papá.", "ef_dora")[0].tolist() == streamed.tolist()

    def test_phonemes_of_a_text_sound_as_the_text(self, real_kokoro: KokoroStudent) -> None:
        voice = real_kokoro.stock_voice("ef_dora")
        phonemes = real_kokoro.phonemes("Pues papá.")
        assert phonemes == "pwˈes papˈa."
        assert len(real_kokoro.tokens(phonemes)) == len(phonemes)
        spoken = [
            np.concatenate([one.y for one in found])
            for found in (
                real_kokoro.stream("Pues papá.", voice),
                real_kokoro.speak_phonemes(phonemes, voice),
            )
        ]
        assert spoken[0].tolist() == spoken[1].tolist()

    @pytest.mark.parametrize(
        ("phonemes", "named"), [("pw§es ☺", "'§' (U+00A7), '☺' (U+263A)"), ("a" * 511, "510"),
                                ("...", "no sound")],
    )  # fmt: skip
    def test_what_cannot_be_spoken_is_named(
        self, real_kokoro: KokoroStudent, phonemes: str, named: str
    ) -> None:
        with pytest.raises(EngineError, match=re.escape(named)):
            real_kokoro.check_phonemes(phonemes)
