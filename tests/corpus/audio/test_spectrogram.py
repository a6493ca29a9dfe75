"""The spectrogram of a take: known frequencies are drawn at their height."""

from io import BytesIO

import av
import numpy as np
import pytest

from corpus.audio.drawings import TOP_HZ, levels, png
from tests.signals import join, silence, tone


@pytest.mark.parametrize(
    ("f_hz", "sr"), [(500.0, 8_000), (2000.0, 8_000), (500.0, 24_000), (6000.0, 48_000)]
)
def test_a_tone_is_dark_at_its_frequency(f_hz, sr):
    picture = levels(tone(f_hz, sr=sr))
    row = int(picture[:, 100:-100].mean(axis=1).argmin())
    assert (1 - row / 255) * TOP_HZ == pytest.approx(f_hz, abs=TOP_HZ / 100)


def test_silence_before_a_tone_is_white():
    picture = levels(join(silence(1.0), tone(1000.0)))
    assert picture[:, 50:400].min() == 255
    assert picture[:, 500:850].min() < 10


def test_the_png_is_readable_by_another_library():
    data = png(tone(1000.0), width=300, height=100)
    assert data.startswith(b"\x89PNG")
    with av.open(BytesIO(data)) as container:
        frame = next(container.decode(video=0))
    read = frame.to_ndarray(format="gray")
    assert read.shape == (100, 300)
    assert np.array_equal(read, levels(tone(1000.0), width=300, height=100))


def test_very_short_or_silent_audio_is_drawn():
    assert levels(tone(1000.0, 0.01)).shape == (256, 900)
    assert levels(silence(0.5)).shape == (256, 900)
