import numpy as np
import parselmouth
import pytest
import soundfile

from corpus.audio import io, pitch
from corpus.audio.prosody import measure
from corpus.audio.types import Audio
from corpus.audio.units import from_st, to_st
from tests import signals


@pytest.mark.parametrize("f0_hz", [80.0, 120.0, 210.0, 330.0, 480.0])
@pytest.mark.parametrize("sr", [8_000, 48_000])
def test_a_steady_vowel_has_its_pitch(f0_hz: float, sr: int) -> None:
    found = pitch.track(signals.voiced(np.full(sr, f0_hz), sr=sr))
    assert found.median_hz is not None
    assert found.mean_hz is not None
    assert found.range_st is not None
    assert abs(to_st(found.median_hz, f0_hz)) < 0.1
    assert abs(to_st(found.mean_hz, f0_hz)) < 0.1
    assert found.range_st < 0.1
    assert found.voiced_ratio > 0.9


@pytest.mark.parametrize("range_st", [2.0, 5.0, 8.0])
def test_a_glide_has_its_range_and_every_frame_its_pitch(range_st: float) -> None:
    found = pitch.track(signals.glide(140, range_st, 2.0))
    assert found.range_st == pytest.approx(0.9 * range_st, abs=0.15)  # p5 to p95
    truth_hz = from_st(range_st * found.times_s / 2.0, 140.0)
    error_st = 12 * np.log2(found.f0_hz / truth_hz)
    assert np.nanmax(np.abs(error_st)) < 0.15


def test_the_second_pass_removes_octave_jumps() -> None:
    low = signals.voiced(np.full(signals.SR * 2, 120.0))
    creak = signals.voiced(np.full(signals.SR // 5, 480.0))
    found = pitch.track(signals.join(low, creak))
    assert np.nanmax(found.f0_hz) <= 1.5 * 120 * 1.01


@pytest.mark.parametrize("f0_hz", [130.0, 160.0, 200.0, 260.0])
@pytest.mark.parametrize("ratio", [0.5, 0.55])
def test_a_pitch_that_halves_in_the_last_fifth_is_followed(f0_hz: float, ratio: float) -> None:
    whole = np.full(3 * signals.SR, f0_hz)
    whole[int(0.8 * len(whole)) :] *= ratio
    audio = signals.mix(signals.voiced(whole), signals.noise(3.0, level_db=-50))
    found = pitch.track(audio)
    truth_hz = np.where(found.times_s < 2.4, f0_hz, ratio * f0_hz)
    steady = np.abs(found.times_s - 2.4) > 0.06
    assert np.abs(12 * np.log2(found.f0_hz / truth_hz))[steady].max() < 0.3  # and all are voiced
    praat_hz, praat_s = praat_pitch(audio, pitch.FLOOR_HZ, pitch.CEILING_HZ)
    same = np.interp(found.times_s, praat_s, praat_hz)
    assert np.nanmax(np.abs(12 * np.log2(found.f0_hz / same))[steady]) < 0.3


@pytest.mark.parametrize("f0_hz", [40.0, 48.0, 55.0])
def test_creak_below_the_range_is_said_to_be_unsure(f0_hz: float) -> None:
    whole = np.concatenate([np.full(2 * signals.SR, 130.0), np.full(signals.SR // 2, f0_hz)])
    audio = signals.mix(signals.voiced(whole), signals.noise(2.5, level_db=-50))
    found = measure(audio, syllables=10)
    assert found.creak_s == pytest.approx(0.4, abs=0.12)  # less the windows at both ends
    assert found.pitch_median_hz == pytest.approx(130, rel=0.01)


def test_a_voice_hiss_and_hum_in_a_pause_are_no_creak() -> None:
    hum = signals.voiced(np.full(signals.SR, 50.0))
    hum = Audio(0.02 * hum.y, hum.sr)
    hiss = signals.noise(0.5, level_db=-20)
    voice = signals.voiced(np.full(signals.SR, 100.0))
    assert measure(signals.join(voice, hiss, voice, hum, voice)).creak_s == 0
    assert measure(signals.speech()).creak_s == 0


def test_a_few_low_frames_are_an_error_not_a_creaky_voice() -> None:
    parts = [signals.voiced(np.full(round(s * signals.SR), f)) for s, f in ((1, 200), (0.1, 90))]
    found = pitch.track(signals.join(*parts, parts[0]))
    assert np.nanmin(found.f0_hz) >= 0.75 * 200 * 0.99


@pytest.mark.parametrize("unvoiced", [signals.noise(1, level_db=-20), signals.silence(1)])
def test_audio_without_pitch_has_no_voiced_frames(unvoiced: signals.Audio) -> None:
    found = pitch.track(unvoiced)
    assert found.voiced_ratio < 0.05
    if not len(found.voiced_hz):
        assert (found.mean_hz, found.median_hz, found.range_st) == (None, None, None)


def test_sound_shorter_than_a_window_has_no_frames() -> None:
    found = pitch.track(signals.tone(200, 0.04))
    assert (len(found.f0_hz), found.voiced_ratio, found.median_hz) == (0, 0.0, None)


def test_unvoiced_gaps_are_nan() -> None:
    gapped = signals.join(
        signals.voiced(np.full(signals.SR, 200.0)),
        signals.silence(0.5),
        signals.voiced(np.full(signals.SR, 200.0)),
    )
    found = pitch.track(gapped)
    gap = (found.times_s > 1.05) & (found.times_s < 1.45)
    assert np.isnan(found.f0_hz[gap]).all()
    assert len(found.f0_hz) == len(found.times_s)


def test_human_voices_have_a_plausible_pitch() -> None:
    medians: dict[str, list[float]] = {}
    for path in sorted(signals.shared_data("speech").glob("*.flac")):
        found = pitch.track(io.decode(path))
        assert found.median_hz is not None
        medians.setdefault(path.name[:4], []).append(found.median_hz)
    for of_speaker in medians.values():
        assert 80 < min(of_speaker) <= max(of_speaker) < 260
        assert to_st(max(of_speaker), min(of_speaker)) < 4  # one person, one voice


def praat_pitch(audio: Audio, floor_hz: float, ceiling_hz: float) -> tuple[np.ndarray, np.ndarray]:
    audio = io.resample(audio, min(16_000, audio.sr))
    found = parselmouth.Sound(audio.y.astype(np.float64), audio.sr).to_pitch_ac(
        time_step=0.01, pitch_floor=floor_hz, pitch_ceiling=ceiling_hz
    )
    f0_hz = found.selected_array["frequency"]
    return np.where(f0_hz > 0, f0_hz, np.nan), np.asarray(found.xs())


def assert_agrees_with_praat(audio: Audio, floor_hz: float, ceiling_hz: float) -> None:
    wanted_hz, wanted_s = praat_pitch(audio, floor_hz, ceiling_hz)
    found_hz, found_s = pitch.follow(audio, floor_hz=floor_hz, ceiling_hz=ceiling_hz)
    np.testing.assert_allclose(found_s, wanted_s, atol=1e-9)
    voiced, wanted = ~np.isnan(found_hz), ~np.isnan(wanted_hz)
    assert (voiced != wanted).mean() < 0.012
    both = voiced & wanted
    if both.any():
        error_st = np.abs(12 * np.log2(found_hz[both] / wanted_hz[both]))
        assert np.median(error_st) < 0.005
        assert (error_st > 0.5).mean() < 0.012


@pytest.mark.parametrize(("floor_hz", "ceiling_hz"), [(60.0, 600.0), (95.0, 310.0)])
@pytest.mark.parametrize(
    "audio",
    [
        signals.speech(12, f0_hz=130.0, sr=48_000),
        signals.speech(12, f0_hz=240.0, range_st=9.0, pauses=((4, 0.4),), noise_db=-45.0),
        signals.mix(signals.glide(120, 7, 2.0), signals.noise(2.0, level_db=-32)),
        signals.noise(1.0, level_db=-20),
        signals.tone(220, 0.3, sr=8_000),
    ],
)
def test_the_pitch_track_agrees_with_praat(
    audio: Audio, floor_hz: float, ceiling_hz: float
) -> None:
    assert_agrees_with_praat(audio, floor_hz, ceiling_hz)


def test_the_pitch_track_of_human_voices_agrees_with_praat() -> None:
    for path in sorted(signals.shared_data("speech").glob("*.flac")):
        y, sr = soundfile.read(path, dtype="float32")  # with the rumble that decoding removes
        assert_agrees_with_praat(Audio(y, sr), 60.0, 600.0)
        assert_agrees_with_praat(Audio(y, sr), 90.0, 300.0)
