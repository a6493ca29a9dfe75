"""Pitch, range and rate of several clips of one voice."""

import numpy as np
import pytest

from corpus.audio.types import Audio
from distillation.stages.prosody_figures import ProsodyFigures, measured, of_sentences
from tests import signals
from tests.distillation.voices import LONG, SHORT, say


def test_figures_of_a_steady_voice() -> None:
    voice = signals.voiced(np.full(48_000, 220.0))
    figures = measured([voice], ["uno dos tres cuatro"])
    assert figures
    assert figures.pitch_st == pytest.approx(24.0, abs=0.05)  # two octaves above 55 Hz
    assert figures.range_st == pytest.approx(0.1, abs=0.05)
    assert figures.rate == pytest.approx(6 / (48_000 / voice.sr), rel=0.05)


def test_clips_are_measured_together_with_or_without_their_texts() -> None:
    clips, texts = [say(SHORT), say(LONG)], [SHORT, LONG]
    figures, by_ear = measured(clips, texts), measured(clips)
    assert figures
    assert by_ear
    assert by_ear[:2] == figures[:2]
    assert by_ear.rate == pytest.approx(figures.rate, rel=0.2)


def test_audio_without_a_voice_has_no_figures() -> None:
    assert measured([signals.silence(1.0)], ["nada"]) is None
    assert measured([Audio(signals.noise(1.0).y, signals.noise(1.0).sr)]) is None


def test_errors_are_in_units_of_their_tolerances() -> None:
    one = ProsodyFigures(20.0, 8.0, 5.0)
    assert one.error(one) == 0.0
    assert one.error(ProsodyFigures(20.5, 8.0, 5.0)) == pytest.approx(1 / 2**0.5)
    assert one.vector[2] == pytest.approx(np.log(5.0))


def test_a_requested_rate_is_limited_to_the_reachable_range() -> None:
    one = ProsodyFigures(20.0, 8.0, 5.0)
    assert one.within_reach(5.5) == one
    assert one._replace(rate=2.0).within_reach(5.0).rate == pytest.approx(3.5)
    assert one._replace(rate=9.0).within_reach(5.0).rate == pytest.approx(6.65)


def test_a_target_is_split_into_sentences_at_its_pauses() -> None:
    low, high = (signals.speech(12, f0_hz=hz, lead_s=0.3) for hz in (110.0, 220.0))
    found = of_sentences([signals.join(low, high, low)])
    assert found
    assert found.mean[0] == pytest.approx(16.8, abs=0.2)  # of about 12, 24 and 12 semitones
    assert found.spread[0] == pytest.approx(6.9, abs=0.3)
    assert of_sentences([signals.join(low, high)]) is None
