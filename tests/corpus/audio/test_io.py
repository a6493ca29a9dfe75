import hashlib
import struct
import tracemalloc
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.audio import io
from corpus.audio.types import Audio, AudioError
from tests import signals

SPOKEN = signals.voiced(np.full(48_000, 180.0), sr=48_000)  # 1 s


def with_soundfile(form: str, subtype: str, y: np.ndarray, sr: int) -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, y, sr, format=form, subtype=subtype)
    return buffer.getvalue()


def with_av(form: str, codec: str, audio: Audio, *, sr: int = 0) -> bytes:
    buffer = BytesIO()
    audio = io.resample(audio, sr or audio.sr)
    with av.open(buffer, "w", format=form) as container:
        stream = container.add_stream(codec, rate=audio.sr, layout="mono")
        assert isinstance(stream, av.AudioStream)
        if codec == "libopencore_amrnb":
            stream.bit_rate = 12_200
        frame = av.AudioFrame.from_ndarray(audio.y[None], format="flt", layout="mono")
        frame.sample_rate = audio.sr
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def wav_header(data_bytes: int, *, sr: int = 16_000) -> bytes:
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sr, 2 * sr, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + data_bytes)
        + b"WAVE"
        + fmt
        + (b"data" + struct.pack("<I", data_bytes))
    )


FILES = {
    "wav pcm16": lambda: io.encode_wav(SPOKEN),
    "wav pcm8": lambda: with_soundfile("WAV", "PCM_U8", SPOKEN.y, SPOKEN.sr),
    "wav pcm24": lambda: with_soundfile("WAV", "PCM_24", SPOKEN.y, SPOKEN.sr),
    "wav float": lambda: with_soundfile("WAV", "FLOAT", SPOKEN.y, SPOKEN.sr),
    "wav double": lambda: with_soundfile("WAV", "DOUBLE", SPOKEN.y, SPOKEN.sr),
    "wav stereo": lambda: with_soundfile("WAV", "PCM_16", np.stack([SPOKEN.y] * 2, 1), SPOKEN.sr),
    "flac": lambda: with_soundfile("FLAC", "PCM_16", SPOKEN.y, SPOKEN.sr),
    "ogg vorbis": lambda: with_soundfile("OGG", "VORBIS", SPOKEN.y, SPOKEN.sr),
    "ogg opus": lambda: with_av("ogg", "libopus", SPOKEN),
    "webm opus": lambda: with_av("webm", "libopus", SPOKEN),
    "mp3": lambda: with_av("mp3", "libmp3lame", SPOKEN),
    "m4a aac": lambda: with_av("mp4", "aac", SPOKEN),
    "m4a alac": lambda: with_av("ipod", "alac", SPOKEN),
    "aac": lambda: with_av("adts", "aac", SPOKEN),
    "wav-ima adpcm": lambda: with_av("wav", "adpcm_ima_wav", SPOKEN),
    "wav-ms adpcm": lambda: with_av("wav", "adpcm_ms", SPOKEN),
    "wav-gsm": lambda: with_soundfile("WAV", "GSM610", io.resample(SPOKEN, 8_000).y, 8_000),
    "3gp aac": lambda: with_av("3gp", "aac", SPOKEN),
    "3gp amr": lambda: with_av("3gp", "libopencore_amrnb", SPOKEN, sr=8_000),
    "amr": lambda: with_av("amr", "libopencore_amrnb", SPOKEN, sr=8_000),
}
NARROW = {"wav-gsm": 8_000, "3gp amr": 8_000, "amr": 8_000}
EXACT = ("wav ", "flac")


def code_of(data: object, **limits: float) -> str:
    with pytest.raises(AudioError) as caught:
        io.decode(data, **limits)
    assert str(caught.value).endswith(".")
    return caught.value.code


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_known_by_its_content(name: str) -> None:
    audio = io.decode(FILES[name]())
    assert audio.sr == NARROW.get(name, SPOKEN.sr)
    assert audio.duration_s == pytest.approx(1.0, abs=1e-9 if name.startswith(EXACT) else 0.06)
    if name.startswith(EXACT):
        step = 2**-7 if name == "wav pcm8" else 2**-15
        np.testing.assert_allclose(audio.y, SPOKEN.y, atol=1.01 * step)
    else:
        wanted = io.resample(SPOKEN, audio.sr).y
        part = slice(audio.sr // 10, 9 * audio.sr // 10)
        spectra = [np.abs(np.fft.rfft(y[part])) for y in (audio.y, wanted)]
        assert np.corrcoef(spectra)[0, 1] > (0.94 if name in NARROW else 0.98)


def test_a_file_with_a_wrong_extension_decodes_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(FILES["webm opus"]())
    assert io.decode(path).sr == 48_000
    with path.open("rb") as file:
        file.seek(7)
        assert io.decode(file).sr == 48_000
        assert not file.closed


@pytest.mark.parametrize("sr", [8_000, 16_000, 22_050, 44_100, 192_000])
def test_the_sample_rate_is_kept(sr: int) -> None:
    audio = signals.tone(440, 0.5, sr=sr)
    assert io.decode(io.encode_wav(audio)).sr == sr


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 and so on" * 20,
        b"<html>not found</html>",
        "ñandú, pingüino".encode("utf-16"),
        b"\x00" * 1000,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"RIFF\x24\x00\x00\x00AVI LIST",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    ],
)
def test_a_file_of_another_type_is_refused(data: bytes) -> None:
    assert code_of(data) == "not_audio"


def test_an_unsupported_sample_rate_is_refused() -> None:
    assert code_of(io.encode_wav(signals.tone(100, 1, sr=4_000))) == "not_audio"


@pytest.mark.parametrize(("form", "subtype"), [("WAV", "PCM_16"), ("OGG", "VORBIS")])
def test_more_channels_than_the_decoder_supports_are_refused(form: str, subtype: str) -> None:
    y = np.stack([SPOKEN.y] * 25, axis=1)
    assert code_of(with_soundfile(form, subtype, y, SPOKEN.sr)) == "not_audio"


def test_a_video_without_sound_is_refused() -> None:
    buffer = BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert code_of(buffer.getvalue()) == "not_audio"


def test_an_unknown_codec_is_refused() -> None:
    data = bytearray(io.encode_wav(SPOKEN))
    data[20:22] = b"\x99\x99"  # the format tag
    assert code_of(bytes(data)) == "codec"


def test_a_codec_that_is_not_read_is_named() -> None:
    with pytest.raises(AudioError, match="'ac3'") as caught:
        io.decode(with_av("matroska", "ac3", SPOKEN))
    assert (caught.value.code, caught.value.detail) == ("codec", "ac3")


def test_an_empty_file_is_empty() -> None:
    assert code_of(b"") == "empty"
    assert code_of(wav_header(0)) == "empty"  # and nothing follows


def test_silence_is_silent() -> None:
    assert code_of(io.encode_wav(signals.silence(2))) == "silent"
    assert code_of(io.encode_wav(signals.noise(2, level_db=-85))) == "silent"


def test_short_sound_is_too_short() -> None:
    assert code_of(io.encode_wav(signals.tone(300, 0.2))) == "too_short"
    assert io.decode(io.encode_wav(signals.tone(300, 0.3))).duration_s == pytest.approx(0.3)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_never_passes_as_complete(name: str) -> None:
    data = FILES[name]()
    for share in (0.001, 0.01, 0.1, 0.5, 0.85):
        cut = data[: max(4, int(share * len(data)))]
        if name.startswith(("ogg", "webm", "amr", "aac")) and share >= 0.1:
            continue  # their headers promise no length
        assert code_of(cut) in ("truncated", "empty", "too_short", "not_audio")


def test_a_file_shorter_than_its_header_says_is_truncated() -> None:
    whole = io.encode_wav(SPOKEN)
    for cut in (13, 30, 44, 1000, len(whole) - 2):
        assert code_of(whole[:cut]) == "truncated"
    assert code_of(wav_header(10**9) + bytes(1000)) == "truncated"


def test_a_streamed_wav_without_a_length_is_decoded() -> None:
    body = io.encode_wav(signals.tone(300, 1, sr=16_000))[44:]
    assert io.decode(wav_header(0xFFFFFFFF - 36)[:40] + b"\xff" * 4 + body).duration_s == 1.0


@pytest.mark.parametrize("stated", [0, 2, 1001, 20_000, 31_999, 0xFFFFFFFF])
@pytest.mark.parametrize("after", [b"", b"LIST\x04\0\0\0INFO"])
def test_a_wav_that_states_the_wrong_length_is_read_to_its_end(stated: int, after: bytes) -> None:
    tone = signals.tone(300, 1, sr=16_000)
    data = bytearray(wav_header(stated % 2**31) + io.encode_wav(tone)[44:] + after)
    data[40:44] = struct.pack("<I", stated)
    found = io.decode(bytes(data)).y
    assert -1 <= len(found) - 16_000 <= len(after) // 2
    np.testing.assert_allclose(found[:15_999], tone.y[:-1], atol=2**-15)


@pytest.mark.parametrize(
    "after", [b"LIST\x05\0\0\0INFOx\0", b"id3 \x03\0\0\0ID3\0", b"TAG" + b"x" * 125]
)
def test_what_follows_the_sound_of_a_wav_is_not_played(after: bytes) -> None:
    whole = io.encode_wav(signals.tone(300, 1, sr=16_000))
    assert np.array_equal(io.decode(whole + after).y, io.decode(whole).y)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_not_finite_are_refused(value: float) -> None:
    y = SPOKEN.y.copy()
    y[30_000] = value
    assert code_of(with_soundfile("WAV", "FLOAT", y, SPOKEN.sr)) == "not_finite"


def test_three_hundred_megabytes_are_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    with path.open("wb") as file:
        file.write(wav_header(300 * 2**20))
        file.truncate(300 * 2**20)
    tracemalloc.start()
    try:
        assert code_of(path) == "too_large"
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["mp3", "flac"])
def test_decoding_forty_minutes_stops_at_the_limit(form: str) -> None:
    minute = signals.tone(300, 60, sr=16_000)
    data = io.encode_mp3(minute, sr=16_000, kbps=24) if form == "mp3" else _flac_of(minute, 40)
    data = data * 40 if form == "mp3" else data
    assert len(data) < io.MAX_BYTES
    tracemalloc.start()
    try:
        assert code_of(data) == "too_long"
        assert tracemalloc.get_traced_memory()[1] < 2 * 4 * io.MAX_SECONDS * 16_000
    finally:
        tracemalloc.stop()


def _flac_of(minute: Audio, times: int) -> bytes:
    buffer = BytesIO()
    with soundfile.SoundFile(buffer, "w", minute.sr, 1, "PCM_16", format="FLAC") as file:
        for _ in range(times):
            file.write(minute.y)
    return buffer.getvalue()


def test_audio_of_exactly_the_limit_passes() -> None:
    data = io.encode_wav(signals.tone(300, 2))
    assert io.decode(data, max_seconds=2, max_bytes=len(data)).duration_s == 2
    assert code_of(data, max_seconds=1.999) == "too_long"
    assert code_of(data, max_bytes=len(data) - 1) == "too_large"


MAGICS = [b"", b"RIFF\x00\x00\x00\x00WAVE", b"fLaC", b"OggS\x00", b"ID3\x04", b"\xff\xfb\x90\x64"]
MAGICS += [b"\x1a\x45\xdf\xa3", b"\x00\x00\x00\x1cftypM4A "]


def _decodes_or_refuses(data: bytes) -> None:
    try:
        audio = io.decode(data, max_seconds=5)
    except AudioError:
        return
    assert np.isfinite(audio.y).all()
    assert 0.3 <= audio.duration_s <= 5


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(MAGICS), st.binary(max_size=3000))
def test_random_bytes_never_crash(magic: bytes, rest: bytes) -> None:
    _decodes_or_refuses(magic + rest)


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(FILES)),
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=8)), max_size=6),
    st.floats(0.01, 1),
)
def test_damaged_files_never_crash(
    name: str, damage: list[tuple[float, bytes]], keep: float
) -> None:
    data = bytearray(_CACHE.setdefault(name, FILES[name]()))
    for where, new in damage:
        at = int(where**4 * len(data))  # mostly in the header
        data[at : at + len(new)] = new
    _decodes_or_refuses(bytes(data[: int(keep * len(data))]))


_CACHE: dict[str, bytes] = {}


def test_write_wav_sets_the_header_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "take.wav"
    sha256 = io.write_wav(path, SPOKEN)
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert io.write_wav(path, SPOKEN) == sha256
    assert [p.name for p in path.parent.iterdir()] == ["take.wav"]
    back = io.read_wav(path)
    assert back.sr == SPOKEN.sr
    np.testing.assert_allclose(back.y, SPOKEN.y, atol=2**-15)


def test_a_sound_over_full_scale_is_clipped_not_wrapped() -> None:
    loud = Audio(np.array([2.0, -2.0] * 4000, dtype=np.float32), 8000)
    back = io.decode(io.encode_wav(loud))
    np.testing.assert_allclose(np.sign(back.y), np.sign(loud.y))


def test_read_wav_names_the_file_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(b"nothing")
    with pytest.raises(AudioError, match=r"broken\.wav") as caught:
        io.read_wav(path)
    assert caught.value.code == "not_audio"


@pytest.mark.parametrize("sr", [16_000, 24_000, 44_100])
def test_mp3_keeps_pitch_length_and_level(sr: int) -> None:
    data = io.encode_mp3(signals.tone(1000, 2), sr=sr)
    back = io.decode(data)
    assert back.sr == sr
    assert back.duration_s == pytest.approx(2.0, abs=0.06)
    middle = back.y[sr // 2 : sr // 2 + sr]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == 1000
    assert np.abs(middle).max() == pytest.approx(0.095, rel=0.02)  # LAME lowers by 0.45 dB


def test_resampling_keeps_the_tone() -> None:
    audio = signals.tone(1000, 1, sr=48_000)
    down = io.resample(audio, 16_000)
    assert (down.sr, len(down.y), down.y.dtype) == (16_000, 16_000, np.float32)
    np.testing.assert_allclose(
        down.y[1000:-1000], signals.tone(1000, 1, sr=16_000).y[1000:-1000], atol=1e-3
    )
    assert io.resample(audio, 48_000) is audio


def test_human_speech_decodes() -> None:
    for path in sorted(signals.shared_data("speech").glob("*.flac")):
        audio = io.decode(path)
        assert audio.sr == 16_000
        assert audio.duration_s == soundfile.info(path).duration
