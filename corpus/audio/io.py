"""Audio file input and output: decode untrusted uploads to mono or a clear error, encode."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import av
import numpy as np
import soundfile
import soxr

from corpus.audio.downmix import ChannelMeter, Floats, without_rumble
from corpus.audio.types import Audio, AudioError, Samples
from corpus.files import sha256, write_bytes

MAX_BYTES = 50 * 2**20
MAX_SECONDS = 600.0
MIN_SECONDS = 0.3
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 192_000
MAX_CHANNELS = 8  # with more than 8 planes PyAV reads out of bounds
SILENT_BELOW = 1e-3  # peak, -60 dBFS: not even room noise
LOSSY_SLACK_S = 0.1  # headers include the encoder's padding
FAR_BEYOND = 100.0  # full scale is 1
BAD_PACKETS, BAD_SHARE = 2, 0.01  # tags and first frames of a valid MP3 may fail to decode
_SCALE = {"u1": 2.0**-7, "i2": 2.0**-15, "i4": 2.0**-31}
_PCM = ("u8", "s16le", "s24le", "s32le", "f32le", "f64le", "s16be", "s24be", "alaw", "mulaw")
_CODECS = {
    *("flac", "alac", "vorbis", "opus", "mp3", "mp3float", "aac"),
    *("adpcm_ima_wav", "adpcm_ms", "adpcm_ima_qt", "adpcm_g726", "gsm", "gsm_ms"),
    *("amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb"),
    *(f"pcm_{name}" for name in _PCM),
}
_UNKNOWN_SIZE = 0xFFFFFFFF  # in a WAV written as a stream
_TAGS = (b"TAG", b"ID3", b"APETAGEX")  # titles that players write behind the sound


def decode(
    data: bytes | Path | BinaryIO,
    *,
    max_bytes: int = MAX_BYTES,
    max_seconds: float = MAX_SECONDS,
    min_seconds: float = MIN_SECONDS,
) -> Audio:
    """Decode an audio file to mono; the format is detected from the content, not the name.

    Supports WAV (PCM, ADPCM, GSM), FLAC, OGG (Vorbis, Opus), MP3, AAC, WebM, MP4 and 3GP (AAC,
    ALAC, AMR) and AMR. The channels with the speech become one (`downmix.channel_weights`); DC
    offset and rumble are removed where there are any, and otherwise samples are as they were. The
    sample rate is kept. Decoding stops once the limit is exceeded, so memory is bounded by
    `max_seconds` (16 bytes per sample) regardless of the file.

    Parameters
    ----------
    data : bytes, Path or seekable binary file
        The file; an open file is read from its start and left open.
    max_bytes : int
        Largest file, bytes.
    max_seconds, min_seconds : float
        Longest and shortest duration, s.

    Returns
    -------
    Audio
        Mono, nominal range -1…1; lossy formats may overshoot it.

    Raises
    ------
    AudioError
        `empty`, `too_large`, `not_audio`, `codec`, `truncated`, `not_finite`, `too_long`,
        `too_short`, `silent`.
    """
    if isinstance(data, Path):
        with data.open("rb") as file:
            return _decode(file, max_bytes, max_seconds, min_seconds)
    source = BytesIO(data) if isinstance(data, bytes) else data
    return _decode(source, max_bytes, max_seconds, min_seconds)


def _decode(source: BinaryIO, max_bytes: int, max_seconds: float, min_seconds: float) -> Audio:
    size = source.seek(0, SEEK_END)
    source.seek(0)
    if size == 0:
        raise AudioError("empty", "The file is empty. Record or choose it again.")
    if size > max_bytes:
        raise AudioError(
            "too_large",
            f"The file has {size / 2**20:.0f} MB; {max_bytes / 2**20:.0f} MB are allowed. "
            "Send one sentence at a time, or as FLAC or MP3.",
        )
    head = source.read(4096)
    form = _sniff(head)
    options = _wav_options(source, size) if form == "wav" else {}
    opened = _Opened(source, form, head, options)
    audio = without_rumble(_one_channel(opened, max_seconds))
    _check_sound(audio, min_seconds)
    return audio


_MAGICS = (
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"#!AMR", "amr"),
)


def _sniff(head: bytes) -> str:
    """Choose FFmpeg's demuxer by the first bytes; no other demuxer is tried."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:3] == b"ID3" or _is_mp3_frame(head):
        return "mp3"
    if head[4:8] == b"ftyp":
        return "mov"
    for magic, form in _MAGICS:
        if head.startswith(magic):
            return form
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xF6 == 0xF0:  # layer 0: ADTS
        return "aac"
    if head[:4] == b"RIFF" and b"WAVE".startswith(head[8:12]):
        raise _damaged("wav")
    raise AudioError(
        "not_audio", "This is not a sound file we know. Send WAV, FLAC, OGG, MP3, WebM or M4A."
    )


def _is_mp3_frame(head: bytes) -> bool:
    """Return whether the bytes begin with a valid MPEG layer III frame header."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer == 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


def _wav_options(source: BinaryIO, size: int) -> dict[str, str]:
    """Return the demuxer's options for a WAV: a length that is wrong is ignored.

    Raises
    ------
    AudioError
        `truncated`: the header is, or it states more data than there is.
    """
    position = 12
    for _ in range(1000):
        source.seek(position)
        header = source.read(8)
        if len(header) < 8:
            raise _damaged("wav")
        name, length = struct.unpack("<4sI", header)
        position += 8
        if name == b"data":
            if length != _UNKNOWN_SIZE and position + length > size:
                raise _damaged("wav")
            lies = length == 0 or not _ends_there(source, position + length, size)
            return {"ignore_length": "1"} if lies else {}
        position += length + length % 2
    raise _damaged("wav")


def _ends_there(source: BinaryIO, position: int, size: int) -> bool:
    """Return whether nothing but further chunks or titles follows the data of a WAV."""
    position += position % 2
    while position + 8 <= size:
        source.seek(position)
        header = source.read(8)
        if header.startswith(_TAGS):
            return True
        name, length = struct.unpack("<4sI", header)
        position += 8 + length + length % 2
        if not (name.isascii() and name.decode("ascii").isprintable()) or position > size + 1:
            return False
    return position >= size


def _damaged(form: str) -> AudioError:
    return AudioError(
        "truncated",
        f"The file begins like {form.upper()} but is damaged or ends too early. "
        "It was probably cut while being saved or sent: send it again.",
    )


class _Opened(NamedTuple):
    """A file whose format is known."""

    source: BinaryIO
    form: str
    head: bytes
    options: dict[str, str]

    def parts(self) -> Iterator[tuple[Samples, int]]:
        """Yield decoded samples, shape (channels, n), and their rate, from the beginning.

        Raises
        ------
        AudioError
            Also when fewer seconds were yielded than the header states.
        """
        self.source.seek(0)
        seconds = 0.0
        try:
            with av.open(
                self.source, "r", format=self.form, metadata_errors="replace", options=self.options
            ) as container:
                if not container.streams.audio:
                    raise AudioError("not_audio", "There is no sound in this file.")
                stream = container.streams.audio[0]
                _check_codec(stream)
                for frame in _frames(container, stream, self.form):
                    yield _samples(frame), frame.sample_rate
                    seconds += frame.samples / frame.sample_rate
                promised_s = _promised_s(stream, self.form, self.head)
        except av.error.FFmpegError as error:
            raise _damaged(self.form) from error
        if seconds < promised_s - (0 if self.form == "flac" else LOSSY_SLACK_S):
            raise _damaged(self.form)


def _one_channel(opened: _Opened, max_seconds: float) -> Audio:
    """Return the mean of the channels, decoded again if another mix has more of the speech."""
    meters: list[ChannelMeter] = []
    audio = _collect(_mixed(opened, None, meters), opened.form, max_seconds)
    weights = meters[0].weights() if meters else None
    if weights is None:
        return audio
    return _collect(_mixed(opened, weights, []), opened.form, max_seconds)


def _mixed(
    opened: _Opened, weights: Floats | None, meters: list[ChannelMeter]
) -> Iterator[tuple[Samples, int]]:
    for y, sr in opened.parts():
        if len(y) == 1:
            yield np.asarray(y[0], dtype=np.float32), sr
        elif weights is not None:
            yield np.asarray(weights @ y, dtype=np.float32), sr
        else:
            meters += [] if meters else [ChannelMeter(sr)]
            meters[0].feed(y)
            yield y.mean(axis=0, dtype=np.float32), sr


def _check_codec(stream: av.AudioStream) -> None:
    context: av.AudioCodecContext | None = stream.codec_context  # None: unknown to FFmpeg
    name = context.name if context else "unknown"
    if name not in _CODECS:
        raise AudioError(
            "codec",
            f"The codec {name!r} is not supported. Send WAV, FLAC, OGG, MP3 or M4A.",
            detail=name,
        )


def _promised_s(stream: av.AudioStream, form: str, head: bytes) -> float:
    """Return the duration stated by the header, s; 0 if there is none or only an estimate."""
    stated = form in ("flac", "mov") or (form == "mp3" and (b"Xing" in head or b"Info" in head))
    if not stated or stream.duration is None or stream.time_base is None:
        return 0.0
    return float(stream.duration * stream.time_base)


def _frames(
    container: av.container.InputContainer, stream: av.AudioStream, form: str
) -> Iterator[av.AudioFrame]:
    """Yield decoded frames, skipping a few packets that fail to decode."""
    bad = 0
    for n, packet in enumerate(container.demux(stream)):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError as error:
            bad += 1
            if bad > BAD_PACKETS + BAD_SHARE * n:
                raise _damaged(form) from error


def _collect(parts: Iterator[tuple[Samples, int]], form: str, max_seconds: float) -> Audio:
    buffer, sr = bytearray(), 0
    for y, rate in parts:
        sr = sr or rate
        if rate != sr:
            raise _damaged(form)
        buffer += y.tobytes()
        if len(buffer) > 4 * max_seconds * sr:
            raise AudioError(
                "too_long", f"Longer than {max_seconds:g} s. Send one sentence at a time."
            )
    if not buffer:
        raise AudioError("empty", "The file holds no sound at all. Record it again.")
    return Audio(np.frombuffer(buffer, dtype=np.float32), sr)


def _samples(frame: av.AudioFrame) -> Samples:
    """Return a frame's samples, shape (channels, n); integer ones are scaled to -1…1."""
    if not MIN_RATE_HZ <= frame.sample_rate <= MAX_RATE_HZ:
        raise AudioError(
            "not_audio",
            f"A sample rate of {frame.sample_rate} Hz; {MIN_RATE_HZ}-{MAX_RATE_HZ} Hz are usual.",
        )
    if frame.layout.nb_channels > MAX_CHANNELS:
        raise AudioError(
            "not_audio", f"{frame.layout.nb_channels} channels; {MAX_CHANNELS} are the most."
        )
    y = frame.to_ndarray()
    if not frame.format.is_planar:
        y = y.reshape(-1, len(frame.layout.channels)).T
    kind = y.dtype.str[1:]
    if kind in _SCALE:
        y = (y.astype(np.float32) - (128 if kind == "u1" else 0)) * _SCALE[kind]
    if not (np.abs(y) < FAR_BEYOND).all():
        raise AudioError(
            "not_finite",
            "Some samples are not numbers (NaN), infinite or far beyond full scale. "
            "Export the sound again, as 16-bit WAV or FLAC.",
        )
    return np.asarray(y)


def _check_sound(audio: Audio, min_seconds: float) -> None:
    if audio.duration_s < min_seconds:
        raise AudioError(
            "too_short",
            f"Only {audio.duration_s:.2f} s of sound; at least {min_seconds:g} s are needed. "
            "Record the whole sentence.",
        )
    if float(np.abs(audio.y).max()) < SILENT_BELOW:
        raise AudioError("silent", "The recording is silent. Check the microphone and its level.")


def read_wav(file: Path | BytesIO, name: str = "") -> Audio:
    """Read a WAV written by this program; channels are averaged.

    Raises
    ------
    AudioError
        `not_audio` if the file cannot be read, naming it.
    """
    try:
        y, sr = soundfile.read(file, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(
            "not_audio", f"{name or file}: not a readable WAV file ({error})."
        ) from error
    return Audio(y.mean(axis=1, dtype=np.float32), sr)


def encode_wav(audio: Audio) -> bytes:
    """Encode as a WAV file: mono, PCM 16 bit, clipped to -1…1."""
    buffer = BytesIO()
    soundfile.write(buffer, audio.y, audio.sr, subtype="PCM_16", format="WAV")
    return buffer.getvalue()


def write_wav(path: Path, audio: Audio) -> str:
    """Write a mono PCM16 WAV atomically.

    Returns
    -------
    str
        SHA-256 of the file, hexadecimal; equal samples give equal files.
    """
    content = encode_wav(audio)
    write_bytes(path, content)
    return sha256(content)


def encode_mp3(audio: Audio, *, sr: int = 24_000, kbps: int = 96) -> bytes:
    """Encode as an MP3 file: mono, resampled to `sr` Hz, constant `kbps`.

    Raises
    ------
    ValueError
        If MP3 does not support the rate (8, 11.025, 12, 16, 22.05, 24, 32, 44.1, 48 kHz).
    """
    frame = av.AudioFrame.from_ndarray(
        np.clip(resample(audio, sr).y, -1, 1)[None], format="fltp", layout="mono"
    )
    frame.sample_rate = sr
    buffer = BytesIO()
    with av.open(buffer, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=sr, layout="mono", bit_rate=kbps * 1000)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def resample(audio: Audio, sr: int) -> Audio:
    """Resample to `sr` Hz (soxr, high quality); returns the same object if the rate is equal."""
    if sr == audio.sr:
        return audio
    return Audio(soxr.resample(audio.y, audio.sr, sr).astype(np.float32, copy=False), sr)
