"""Features of synthetic audio with known values: rate, level, pitch, groups of equal weight."""

import numpy as np
import pytest

from corpus.audio import timing
from corpus.audio.types import Audio
from corpus.phonetics import syllables
from distillation.scoring.features import (
    FLOORS,
    GROUPS,
    feature_similarity,
    features,
    mean_features,
)
from tests.distillation.voices import HELD_OUT, LONG, REFERENCE, say
from tests.signals import join, silence, tone

SR = 16_000


def syllable_tone(per_second: float, *, seconds: float = 4.0, hz: float = 150.0) -> Audio:
    """A harmonic tone that swells and fades so often a second, as vowels do."""
    t = np.arange(round(seconds * SR)) / SR
    tone = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 8))
    envelope = 0.5 - 0.49 * np.cos(2 * np.pi * per_second * t)
    return Audio((0.1 * tone * envelope).astype(np.float32), SR)


@pytest.mark.parametrize("per_second", [2.0, 4.0, 6.0, 8.0])
def test_rises_and_falls_are_counted_as_syllables(per_second: float) -> None:
    assert features(syllable_tone(per_second))["pace_mean"] == pytest.approx(per_second, rel=0.1)


def test_syllables_of_speech_are_counted_within_a_quarter() -> None:
    for text in (LONG, *HELD_OUT, *REFERENCE):
        sound = say(text)
        counted = features(sound)["pace_mean"] * timing.find(sound).phonation_s
        assert counted == pytest.approx(syllables(text), rel=0.25)


def test_pauses_do_not_change_the_speech_rate() -> None:
    plain = features(syllable_tone(5.0))["pace_mean"]
    paused = join(syllable_tone(5.0), silence(1.5, sr=SR), syllable_tone(5.0))
    assert features(paused)["pace_mean"] == pytest.approx(plain, rel=0.05)


def test_a_slower_copy_differs_in_speech_rate_alone() -> None:
    fast, slow = features(syllable_tone(6.0)), features(syllable_tone(3.0))
    assert feature_similarity(fast, {**fast, "pace_mean": slow["pace_mean"]}) == pytest.approx(
        1.0 - (1 - slow["pace_mean"] / fast["pace_mean"]) / len(GROUPS)
    )


def test_a_tone_has_its_pitch_and_no_deviation() -> None:
    found = features(tone(220.0, 2.0, sr=SR))
    assert found["pitch_st_mean"] == pytest.approx(24.0, abs=0.05)
    assert found["pitch_st_std"] < 0.05
    assert found["centroid_hz_mean"] == pytest.approx(220.0, rel=0.2)


@pytest.mark.parametrize("hz", [90.0, 330.0])
def test_three_semitones_differ_equally_for_every_voice(hz: float) -> None:
    low, high = (features(syllable_tone(4.0, hz=hz * ratio)) for ratio in (1.0, 2 ** (3 / 12)))
    moved = {**low, "pitch_st_mean": high["pitch_st_mean"]}
    assert feature_similarity(low, moved) == pytest.approx(1.0 - 0.5 / 3 / len(GROUPS), abs=2e-3)


@pytest.mark.parametrize("gain_db", [-40.0, -12.0, 6.0])
def test_level_is_normalized_before_measuring(gain_db: float) -> None:
    plain, sound = features(syllable_tone(4.0)), syllable_tone(4.0)
    changed = features(Audio(sound.y * np.float32(10 ** (gain_db / 20)), SR))
    for name, value in plain.items():
        assert changed[name] == pytest.approx(value, rel=1e-3, abs=1e-3)


def test_groups_contain_every_feature_once_and_have_equal_weight() -> None:
    kinds = [kind for group in GROUPS.values() for kind in group]
    assert sorted(kinds) == sorted(FLOORS)
    found = features(say())
    for group, kinds_of in GROUPS.items():
        far = {
            name: -1e9 if name.rsplit("_", 1)[0].rstrip("0123456789") in kinds_of else value
            for name, value in found.items()
        }
        assert feature_similarity(found, far) == pytest.approx(1.0 - 1.0 / len(GROUPS)), group


def test_the_mean_of_features() -> None:
    assert mean_features([{"a": 1.0, "b": 0.0}, {"a": 3.0, "b": 0.0}]) == {"a": 2.0, "b": 0.0}
