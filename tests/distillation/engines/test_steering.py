"""The row's meaning: any finite pack is a speakable voice, settings come back from their row."""

from dataclasses import asdict, astuple, fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from distillation.engines.praat.steering import RANGES, Settings, row_of, settings, uncontrolled
from distillation.engines.praat.stock_voices import VOICES, stock
from distillation.voicepack import PROSODY, TIMBRE


def test_every_setting_has_its_range():
    assert tuple(RANGES) == tuple(field.name for field in fields(Settings))


@given(row=arrays(np.float32, 256, elements=st.floats(-100, 100, width=32)))
def test_any_finite_row_is_within_the_ranges(row):
    for name, value in asdict(settings(row)).items():
        low, high = RANGES[name].low, RANGES[name].high
        assert low - 1e-9 <= value <= high + 1e-9


@pytest.mark.parametrize("name", VOICES)
def test_settings_survive_a_round_trip_through_their_row(name):
    assert astuple(settings(row_of(VOICES[name]))) == pytest.approx(
        astuple(VOICES[name]), rel=1e-4, abs=1e-5
    )


def test_each_control_depends_on_its_own_half():
    row = row_of(VOICES["pf_luz"])
    timbre, prosody = row.copy(), row.copy()
    timbre[PROSODY] = 0
    prosody[TIMBRE] = 0
    neutral = settings(np.zeros(256, np.float32))
    assert settings(timbre).pitch_hz == neutral.pitch_hz
    assert settings(timbre).formant == pytest.approx(1.17, rel=1e-4)
    assert settings(prosody).formant == neutral.formant
    assert settings(prosody).pitch_hz == pytest.approx(192, rel=1e-4)


def test_each_control_is_independent():
    row = row_of(VOICES["pm_teo"]) + row_of(replace(VOICES["pm_teo"], pitch_hz=150))
    other = row - row_of(VOICES["pm_teo"])
    moved = asdict(settings(other))
    kept = {name: value for name, value in asdict(VOICES["pm_teo"]).items() if name != "pitch_hz"}
    assert {name: moved[name] for name in kept} == pytest.approx(kept, rel=1e-3, abs=1e-4)
    assert moved["pitch_hz"] == pytest.approx(150, rel=1e-3)


def test_unused_dimensions_change_nothing():
    rest = uncontrolled(np.random.default_rng(0).normal(0, 1, 256).astype(np.float32))
    row = row_of(VOICES["pm_leo"])
    assert astuple(settings(row + rest)) == pytest.approx(astuple(settings(row)), rel=1e-4)


@pytest.mark.parametrize("name", VOICES)
def test_stock_packs_have_the_structure_of_the_published_ones(name):
    data = stock(name).data[:, 0]
    mean = data.mean(axis=0)
    _, sizes, _ = np.linalg.svd(data - mean, full_matrices=False)
    explained = sizes**2 / np.sum(sizes**2)
    assert data.shape == (510, 256)
    assert 0.95 < explained[0] < 0.9995
    assert 0.05 < mean.std() < 0.25
    assert (data - mean)[:, TIMBRE].std() == pytest.approx(0.015, rel=0.3)
    assert (data - mean)[:, PROSODY].std() == pytest.approx(0.055, rel=0.3)
    assert stock.__wrapped__(name).sha256 == stock(name).sha256


@pytest.mark.parametrize("name", VOICES)
def test_a_stock_voice_has_its_settings_at_every_length(name):
    for phonemes in (1, 30, 90, 510):
        measured = settings(stock(name).row(phonemes))
        assert measured.formant == pytest.approx(VOICES[name].formant, rel=0.03)
        assert measured.pitch_hz == pytest.approx(VOICES[name].pitch_hz, rel=0.08)
