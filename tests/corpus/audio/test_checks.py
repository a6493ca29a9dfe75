import json

import numpy as np
import pytest

from corpus.audio import checks, io
from corpus.audio.checks import Check
from corpus.audio.types import Audio
from tests import signals

CODES = ["clipping", "level", "noise", "cut_start", "cut_end", "silence", "duration", "length"]


def failed(audio: Audio, syllables: int | None = 12) -> set[str]:
    return {c.code for c in checks.take_checks(audio, syllables=syllables) if not c.ok}


def test_a_good_take_passes_every_check() -> None:
    found = checks.take_checks(signals.speech(12), syllables=12)
    assert [c.code for c in found] == CODES
    assert all(c.ok for c in found)


def test_without_a_text_the_length_is_not_checked() -> None:
    assert "length" not in {c.code for c in checks.take_checks(signals.speech(12))}


def test_overdriven_audio_fails_as_clipped() -> None:
    loud = signals.speech(12, level_db=-6)
    flat = Audio(np.clip(loud.y, -0.7, 0.7), loud.sr)
    assert "clipping" in failed(flat)
    assert "clipping" in failed(io.decode(io.encode_wav(Audio(loud.y * 3, loud.sr))))
    assert "clipping" in failed(io.decode(io.encode_mp3(Audio(loud.y * 8, loud.sr))))


@pytest.mark.parametrize("turned_down_db", [6.0, 20.0, 40.0])
@pytest.mark.parametrize("cut_at", [0.3, 0.7])
def test_clipping_that_was_turned_down_afterwards_is_found(
    turned_down_db: float, cut_at: float
) -> None:
    loud = signals.speech(12, level_db=-6)
    flat = np.clip(loud.y, -cut_at, cut_at) * 10 ** (-turned_down_db / 20)
    assert checks.clipped_share(io.decode(io.encode_wav(Audio(flat, loud.sr)))) > 0.001
    assert checks.clipped_share(Audio(flat.astype(np.float32), loud.sr)) > 0.001


@pytest.mark.parametrize("turned_down_db", [10.0, 30.0, 50.0, 60.0])
def test_quiet_sound_with_round_tops_is_not_clipped(turned_down_db: float) -> None:
    quiet = 10 ** (-turned_down_db / 20)
    people = [io.decode(path) for path in sorted(signals.shared_data("speech").glob("*.flac"))]
    made = [signals.tone(f_hz, 2, level_db=0, sr=48_000) for f_hz in (60.0, 200.0, 997.0)]
    made += [signals.speech(12, level_db=-6), signals.glide(90, 12, 2.0, sr=48_000)]
    silent_db = {id(sound): 50 for sound in people}  # turned down so far, decoding says silence
    for sound in people + made:
        turned = Audio(sound.y * np.float32(quiet), sound.sr)
        assert checks.clipped_share(turned) <= checks.MAX_CLIPPED
        if turned_down_db < silent_db.get(id(sound), 60):
            again = io.decode(io.encode_wav(turned))
            assert checks.clipped_share(again) <= checks.MAX_CLIPPED


@pytest.mark.parametrize("f_hz", [60.0, 100.0, 997.0])
@pytest.mark.parametrize("sr", [8_000, 48_000])
def test_a_clean_tone_up_to_full_scale_is_not_clipped(f_hz: float, sr: int) -> None:
    tone = io.decode(io.encode_wav(signals.tone(f_hz, 2, level_db=0, sr=sr)))
    assert checks.clipped_share(tone) <= checks.MAX_CLIPPED


def test_audio_too_quiet_or_too_loud_fails() -> None:
    assert failed(signals.speech(12, level_db=-48, noise_db=-100)) == {"level"}
    assert "level" in failed(signals.speech(12, level_db=-6))


@pytest.mark.parametrize("snr", [10.0, 25.0, 40.0])
def test_noise_is_measured_relative_to_the_speech(snr: float) -> None:
    take = signals.speech(20, level_db=-20, noise_db=-20 - snr, lead_s=0.6)
    (noise,) = (c for c in checks.take_checks(take) if c.code == "noise")
    assert noise.value == pytest.approx(snr, abs=4)  # syllables dip under their RMS
    assert noise.ok == (snr > 20)


def test_speech_cut_off_at_an_edge_fails() -> None:
    take = signals.speech(12, lead_s=0.3)
    half = round(0.5 * take.sr)
    assert failed(Audio(take.y[half:], take.sr)) == {"cut_start"}
    assert failed(Audio(take.y[:-half], take.sr)) == {"cut_end"}


def test_long_silence_at_the_end_fails() -> None:
    take = signals.join(signals.speech(12), signals.silence(2.5))
    assert "silence" in failed(take)


def test_too_little_speech_is_not_scored() -> None:
    assert failed(signals.speech(4, rate=5), syllables=4) == {"duration"}


def test_a_length_implausible_for_the_text_fails() -> None:
    assert failed(signals.speech(12), syllables=40) == {"length"}
    assert failed(signals.speech(12), syllables=3) == {"length"}


def test_silence_fails_without_an_infinite_figure() -> None:
    found = checks.take_checks(signals.silence(2), syllables=5)
    assert {"level", "noise", "duration", "length"} <= {c.code for c in found if not c.ok}
    json.dumps([c.to_json() for c in found], allow_nan=False)


def test_checks_survive_json() -> None:
    for check in checks.take_checks(signals.speech(12, level_db=-48), syllables=12):
        assert Check.from_json(json.loads(json.dumps(check.to_json()))) == check
        assert check.message == "Fine." if check.ok else len(check.message) > 20


def test_human_speech_is_not_clipped_and_above_the_room_noise() -> None:
    for path in sorted(signals.shared_data("speech").glob("*.flac")):
        assert not failed(io.decode(path), None) & {"clipping", "level", "noise", "duration"}
