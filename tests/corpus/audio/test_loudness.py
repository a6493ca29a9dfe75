import math

import numpy as np
import pyloudnorm
import pytest

from corpus.audio import io, loudness
from corpus.audio.types import Audio
from tests import signals


@pytest.mark.parametrize("sr", [8_000, 16_000, 24_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("level_db", [-6.0, -20.0, -40.0])
def test_the_reference_tone_of_the_standard(sr: int, level_db: float) -> None:
    audio = signals.tone(997, 3, level_db=level_db, sr=sr)
    assert loudness.integrated_lufs(audio) == pytest.approx(level_db - 3.01, abs=0.05)


@pytest.mark.parametrize("seconds", [0.3, 0.39, 0.41, 0.5])
def test_audio_of_about_one_block_is_measured(seconds: float) -> None:
    assert loudness.integrated_lufs(signals.tone(997, seconds)) == pytest.approx(-23.01, abs=0.3)


def test_pauses_do_not_lower_the_loudness() -> None:
    tone = signals.tone(997, 4)
    gapped = signals.join(tone, signals.silence(6))
    assert loudness.integrated_lufs(gapped) == pytest.approx(-23.01, abs=0.5)


def test_silence_has_no_loudness_and_is_not_amplified() -> None:
    quiet = signals.silence(1)
    assert loudness.integrated_lufs(quiet) == -math.inf
    assert loudness.normalize(quiet) is quiet
    assert loudness.peak_db(quiet) == loudness.rms_db(quiet) == -120


@pytest.mark.parametrize("lufs", [-23.0, -30.0, -18.0])
def test_normalising_reaches_the_loudness(lufs: float) -> None:
    loud = loudness.normalize(signals.speech(15), lufs)
    assert loudness.integrated_lufs(loud) == pytest.approx(lufs, abs=0.05)


def test_normalising_never_passes_the_peak_limit() -> None:
    click = signals.tone(997, 2, level_db=-40)
    click.y[1000] = 0.9
    loud = loudness.normalize(click, -14, peak_limit_db=-1)
    assert loudness.peak_db(loud) == pytest.approx(-1, abs=1e-3)


def test_peak_and_rms_of_a_sine() -> None:
    audio = signals.tone(1000, 1, level_db=-6)
    assert loudness.peak_db(audio) == pytest.approx(-6, abs=0.01)
    assert loudness.rms_db(audio) == pytest.approx(-9.01, abs=0.01)


def test_frame_levels_follow_a_step() -> None:
    step = signals.join(signals.tone(500, 1, level_db=-40), signals.tone(500, 1, level_db=-20))
    rms = loudness.frame_rms(Audio(step.y + np.float32(0.3), step.sr))
    assert len(rms) == 200
    np.testing.assert_allclose(rms[2:98], 0.01 / math.sqrt(2), rtol=0.02)
    np.testing.assert_allclose(rms[102:198], 0.1 / math.sqrt(2), rtol=0.02)


def test_human_speech_agrees_with_pyloudnorm() -> None:
    for path in sorted(signals.shared_data("speech").glob("*.flac")):
        audio = io.decode(path)
        other = pyloudnorm.Meter(audio.sr).integrated_loudness(audio.y.astype(np.float64))
        assert loudness.integrated_lufs(audio) == pytest.approx(other, abs=0.2)


@pytest.mark.parametrize("gain_db", [-12.0, -0.5, 0.0, 3.0, 12.0, 40.0])
def test_a_gain_compresses_peaks_instead_of_clipping(gain_db: float) -> None:
    speech = loudness.normalize(signals.speech(5), -20.0, peak_limit_db=-0.3)
    loud = loudness.amplify(speech, gain_db)
    assert np.abs(loud.y).max() <= max(0.971, np.abs(speech.y).max() if gain_db <= 0 else 0)
    assert loud.y.dtype == np.float32
    linear = speech.y * np.float32(10 ** (gain_db / 20))
    low = np.abs(linear) <= loudness.KNEE
    assert np.allclose(loud.y[low], linear[low], rtol=1e-6)
    assert np.all(np.diff(loud.y[np.argsort(speech.y)]) >= 0)  # the order of amplitudes stays
    assert (loud is speech) == (gain_db == 0)
