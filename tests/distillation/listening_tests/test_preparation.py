"""Prepared sounds: equally loud and long, trimmed, in one format; traps are obvious."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from corpus.audio import timing
from corpus.audio.loudness import integrated_lufs, peak_db
from corpus.audio.types import Audio
from distillation.listening_tests.preparation import (
    MARGIN_S,
    RATE_HZ,
    at_loudness,
    common_lufs,
    degraded,
    equally_long,
    trimmed,
)
from tests.signals import silence, speech

CLICK = 0.95


def peaky(audio: Audio) -> Audio:
    """Return quiet speech with one full-scale click, which limits how loud it can be."""
    y = audio.y * 0.1
    y[len(y) // 2] = CLICK
    return Audio(y, audio.sr)


def test_sounds_are_matched_within_half_a_loudness_unit() -> None:
    sounds = [trimmed(one) for one in (speech(8), speech(12, level_db=-35.0), peaky(speech(10)))]
    lufs = common_lufs(sounds)
    ready = equally_long([at_loudness(one, lufs) for one in sounds])
    meter = pyloudnorm.Meter(RATE_HZ)
    measured = [meter.integrated_loudness(one.y.astype(np.float64)) for one in ready]
    assert max(measured) - min(measured) < 0.5
    assert max(peak_db(one) for one in ready) <= -0.99


def test_sounds_of_a_sentence_are_equally_long() -> None:
    ready = equally_long([trimmed(speech(8)), trimmed(speech(12))])
    assert len({len(one.y) for one in ready}) == 1


@pytest.mark.parametrize("sr", [16_000, 24_000, 48_000])
def test_edges_are_trimmed_and_the_rate_is_the_same(sr: int) -> None:
    found = trimmed(speech(8, lead_s=0.8, sr=sr))
    spoken = timing.find(found)
    assert found.sr == RATE_HZ
    assert spoken.start_s == pytest.approx(MARGIN_S, abs=0.03)
    assert spoken.trail_s == pytest.approx(MARGIN_S, abs=0.03)
    assert found.y[0] == found.y[-1] == 0


def test_silence_stays_silence() -> None:
    quiet = trimmed(silence(1.0))
    assert not at_loudness(quiet, -23.0).y.any()
    assert common_lufs([quiet]) == -23.0


def test_a_degraded_sound_is_noisy_and_always_the_same() -> None:
    clean = trimmed(speech(8))
    bad = degraded(clean, seed=1)
    noise = bad.y - clean.y
    assert np.std(noise) == pytest.approx(np.std(clean.y), rel=0.05)  # Q = 0 dB
    assert np.array_equal(bad.y, degraded(clean, seed=1).y)
    assert integrated_lufs(at_loudness(bad, -23.0)) == pytest.approx(-23.0, abs=0.1)
