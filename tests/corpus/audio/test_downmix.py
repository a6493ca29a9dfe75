"""What becomes of channels, DC offset and rumble on the way in."""

from io import BytesIO

import numpy as np
import pytest
import soundfile

from corpus.audio import io
from corpus.audio.checks import MAX_CLIPPED, clipped_share
from corpus.audio.downmix import without_rumble
from corpus.audio.prosody import measure
from corpus.audio.types import Audio, AudioError
from distillation.scoring.encoder import speaker_encoder
from tests import signals

SR = 16_000
SPOKEN = signals.speech(12, sr=SR)
OTHER = signals.speech(12, f0_hz=110.0, rate=4.1, sr=SR)
NOISE = signals.noise(SPOKEN.duration_s, level_db=-30, sr=SR)
HUM = signals.tone(100, SPOKEN.duration_s, level_db=-12, sr=SR)


def sent(*channels: np.ndarray) -> Audio:
    buffer = BytesIO()
    n = min(map(len, channels))
    y = np.stack([channel[:n] for channel in channels], axis=1)
    soundfile.write(buffer, y, SR, format="WAV", subtype="FLOAT")
    return io.decode(buffer.getvalue())


def level_difference_db(found: Audio, wanted: Audio) -> float:
    """Level of the difference, relative to what is wanted."""
    n = min(len(found.y), len(wanted.y))
    difference = found.y[:n] - wanted.y[:n]
    return float(10 * np.log10(np.mean(difference**2) / np.mean(wanted.y[:n] ** 2) + 1e-20))


y, silent = SPOKEN.y, np.zeros_like(SPOKEN.y)


@pytest.mark.parametrize(
    "channels",
    [
        (y, silent),
        (silent, silent, y, silent),
        (y, -y),
        (-y, y, y, -y),
        (NOISE.y, y),
        (HUM.y, y, NOISE.y, silent),
        (y, 0.05 * y),
        (silent + np.float32(0.2), y),
        tuple(y if n == 6 else NOISE.y for n in range(8)),
    ],
)
def test_the_speech_is_found_whichever_channel_holds_it(channels: tuple[np.ndarray, ...]) -> None:
    found = sent(*channels)
    upright = Audio(found.y * np.float32(np.sign(found.y @ y)), SR)  # (y, -y) has no right side up
    assert level_difference_db(upright, SPOKEN) < -40


def test_of_two_people_on_two_channels_one_is_chosen_not_a_mixture() -> None:
    found = sent(y, 0.5 * OTHER.y)
    assert level_difference_db(found, SPOKEN) < -40


def test_channels_alike_are_averaged_to_the_bit() -> None:
    noisy = [y + signals.noise(SPOKEN.duration_s, level_db=-50, sr=SR, seed=n).y for n in (1, 2)]
    found = sent(*noisy)
    assert np.array_equal(found.y, np.stack(noisy).mean(axis=0, dtype=np.float32))


@pytest.mark.parametrize("offset", [0.05, -0.3])
def test_a_quiet_sound_with_an_offset_is_measured_as_without(offset: float) -> None:
    quiet = Audio(0.02 * y, SR)
    found = sent(quiet.y + np.float32(offset))
    assert level_difference_db(found, quiet) < -40
    wanted = measure(quiet, syllables=12)
    assert measure(found, syllables=12).loudness_lufs == pytest.approx(
        wanted.loudness_lufs, abs=0.1
    )


def test_speech_with_an_offset_is_the_same_voice() -> None:
    path = signals.shared_data("speech/2414-128291-0001.flac")
    quiet = Audio(0.05 * io.decode(path).y, SR)
    embed = speaker_encoder().embed
    assert embed(sent(quiet.y + np.float32(0.05))) @ embed(quiet) > 0.999


@pytest.mark.parametrize("f_hz", [5.0, 20.0, 28.0])
def test_rumble_is_removed(f_hz: float) -> None:
    rumble = signals.tone(f_hz, SPOKEN.duration_s, level_db=-12, sr=SR)
    mixed = signals.mix(SPOKEN, rumble)
    found = sent(mixed.y)
    inside = Audio(found.y[SR // 10 : -SR // 10], SR)  # the tone is cut off at the ends
    assert level_difference_db(inside, Audio(y[SR // 10 : -SR // 10], SR)) < -30
    assert np.array_equal(without_rumble(found).y, found.y)


def test_sound_without_offset_and_rumble_is_left_to_the_bit() -> None:
    assert without_rumble(SPOKEN) is SPOKEN
    low = signals.voiced(np.full(SR, 62.0), sr=SR)
    assert without_rumble(low) is low
    path = signals.shared_data("speech/2414-128291-0000.flac")
    assert np.array_equal(io.decode(path).y, soundfile.read(path, dtype="float32")[0])


def test_clipped_sound_keeps_its_flat_tops() -> None:
    shaken = signals.mix(
        signals.speech(12, level_db=-6, sr=SR), signals.tone(20, 9, level_db=-10, sr=SR)
    )
    found = sent(np.clip(shaken.y, -0.6, 0.6) + np.float32(0.2))
    assert clipped_share(found) > MAX_CLIPPED
    assert abs(found.y.mean()) < 0.01


def test_an_offset_alone_is_silence() -> None:
    with pytest.raises(AudioError) as caught:
        sent(silent + np.float32(0.3))
    assert caught.value.code == "silent"
