"""Syllables counted from audio: synthetic syllables, and speech with known words."""

import numpy as np
import pytest

from corpus.audio.syllable_nuclei import count_nuclei
from corpus.audio.types import Audio
from corpus.phonetics import syllables
from tests import signals
from tests.distillation.voices import LONG, SHORT, say


def syllable_tone(
    count: int, *, every_s: float = 0.2, level: float = 0.1, sr: int = 24_000
) -> Audio:
    """A vowel-like sound whose level rises and falls once for each syllable."""
    t = np.arange(round((count * every_s + 0.1) * sr)) / sr
    swell = np.where(t < count * every_s, np.sin(np.pi * t / every_s) ** 2, 0.0)
    sound = sum(np.sin(2 * np.pi * hz * t) for hz in (500, 1000, 1500))
    return Audio((level * swell * sound).astype(np.float32), sr)


@pytest.mark.parametrize("count", [1, 4, 11])
@pytest.mark.parametrize("level", [0.3, 0.003])
def test_every_rise_and_fall_of_level_is_one_syllable_at_any_loudness(
    count: int, level: float
) -> None:
    assert count_nuclei(syllable_tone(count, level=level)) == count


def test_sounds_other_than_vowels_are_not_counted() -> None:
    low, high = signals.tone(90.0, 2.0), signals.tone(6000.0, 2.0)
    assert count_nuclei(signals.silence(2.0)) == 0
    assert count_nuclei(Audio(np.zeros(10, np.float32), 24_000)) == 0
    for other in (low, high):
        speech = syllable_tone(6, sr=other.sr)
        size = min(len(other.y), len(speech.y))
        both = Audio(speech.y[:size] + other.y[:size], speech.sr)
        assert abs(count_nuclei(both) - 6) <= 1


def test_nearly_all_syllables_of_spoken_sentences_are_found() -> None:
    found = sum(count_nuclei(say(text)) for text in (SHORT, LONG))
    assert found == pytest.approx(sum(map(syllables, (SHORT, LONG))), rel=0.2)
