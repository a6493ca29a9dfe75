"""Six formats: the decoded audio equals the encoded, streamed or complete."""

import io

import av
import numpy as np
import pytest
import soundfile

from corpus.audio.encoding import FORMATS, SR
from corpus.audio.io import decode, resample
from corpus.audio.types import Audio
from tests.signals import tone

TONE = tone(440.0, 1.5, level_db=-12.0, sr=SR)


def encoded(name: str, parts: int = 3) -> tuple[bytes, bytes]:
    """Return the bytes after the first part, and all bytes."""
    encoder = FORMATS[name].encoder()
    data = [encoder.feed(part) for part in np.array_split(TONE.y, parts)]
    return data[0], b"".join([*data, encoder.finish()])


@pytest.mark.parametrize("name", ["mp3", "wav", "opus", "aac", "flac"])
def test_the_decoded_audio_is_the_encoded_tone(name: str) -> None:
    audio = resample(decode(encoded(name)[1]) if name != "aac" else _adts(encoded(name)[1]), SR)
    assert audio.duration_s == pytest.approx(1.5, abs=0.1)
    middle = audio.y[SR // 2 : SR]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * SR / len(middle) == pytest.approx(440, abs=3)
    assert 20 * np.log10(np.sqrt(np.mean(middle**2))) == pytest.approx(-15.0, abs=0.5)


@pytest.mark.parametrize("name", list(FORMATS))
def test_streaming_formats_emit_bytes_before_the_end(name: str) -> None:
    first, whole = encoded(name)
    assert 0.1 * len(whole) < len(first) < 0.6 * len(whole)


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_complete_files_contain_their_length(name: str) -> None:
    whole = FORMATS[name].whole(encoded(name)[1], len(TONE.y))
    info = soundfile.info(io.BytesIO(whole))
    audio, wanted = decode(whole), np.round(TONE.y * 32767) / 32768
    assert np.abs(audio.y - wanted).max() < 1e-4
    assert (info.frames, info.samplerate, info.channels) == (len(TONE.y), SR, 1)


def test_pcm_contains_the_samples_and_clips_instead_of_wrapping() -> None:
    encoder = FORMATS["pcm"].encoder()
    samples = np.frombuffer(encoder.feed(np.array([0.0, 0.5, 2.0, -2.0], np.float32)), "<i2")
    assert samples.tolist() == [0, 16384, 32767, -32767]


def _adts(data: bytes) -> Audio:
    """Decode raw AAC, which the corpus does not take."""
    with av.open(io.BytesIO(data), "r", format="aac") as container:
        y = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    return Audio(y.astype(np.float32), SR)
