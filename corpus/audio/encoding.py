"""Streaming audio encoders for the six formats of the OpenAI API, and headers of whole files."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Samples

SR = 24_000


class Encoder(Protocol):
    """Accepts samples at `SR` in chunks and returns encoded bytes as they become available."""

    def feed(self, y: Samples) -> bytes:
        """Encode the next samples; return the bytes that can be sent now."""
        ...

    def finish(self) -> bytes:
        """Return the remaining bytes."""
        ...


UNKNOWN = 0xFFFF_FFFF  # length in the header of a WAV file that is sent while it is made
_WAV_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_FLAC_TOTAL = slice(21, 26)  # of STREAMINFO: 4 bits of something else, then 36 of the length


def with_wav_length(data: bytes, samples: int) -> bytes:
    """Return a WAV file with its length in the header."""
    header = list(_WAV_HEADER.unpack_from(data))
    header[1], header[-1] = _WAV_HEADER.size - 8 + 2 * samples, 2 * samples
    return _WAV_HEADER.pack(*header) + data[_WAV_HEADER.size :]


def with_flac_length(data: bytes, samples: int) -> bytes:
    """Return a FLAC file with its length in the header."""
    found = int.from_bytes(data[_FLAC_TOTAL], "big") >> 36 << 36
    return data[: _FLAC_TOTAL.start] + (found | samples).to_bytes(5, "big") + data[26:]


def _unchanged(data: bytes, _samples: int) -> bytes:
    return data


@dataclass(frozen=True)
class Format:
    """How one `response_format` is encoded.

    `whole` puts the number of samples into the header of a file that is sent all at once.
    """

    media_type: str
    container: str
    codec: str = ""
    bit_rate: int = 0
    whole: Callable[[bytes, int], bytes] = _unchanged

    def encoder(self) -> Encoder:
        if self.codec:
            return StreamEncoder(self)
        return PcmEncoder(wav=self.container == "wav")


MUXER = {
    "mp3": {"write_xing": "0"},  # this header needs the total length, unknown here
    "ogg": {"page_duration": "200000"},  # µs; the default is a whole second
}
FORMATS = {
    "mp3": Format("audio/mpeg", "mp3", "libmp3lame", 96_000),
    "wav": Format("audio/wav", "wav", whole=with_wav_length),
    "opus": Format("audio/ogg", "ogg", "libopus", 48_000),
    "aac": Format("audio/aac", "adts", "aac", 96_000),
    "flac": Format("audio/flac", "flac", "flac", whole=with_flac_length),
    "pcm": Format("audio/pcm", "pcm"),
}


class PcmEncoder:
    """Raw 16-bit little-endian samples, behind the header of a WAV file of unknown length if so."""

    def __init__(self, *, wav: bool = False) -> None:
        self._header = _wav_header() if wav else b""

    def feed(self, y: Samples) -> bytes:
        header, self._header = self._header, b""
        return header + _pcm16(y).astype("<i2").tobytes()

    def finish(self) -> bytes:
        return b""


class StreamEncoder:
    """MP3, Opus, AAC and FLAC through PyAV, playable from the first byte."""

    def __init__(self, kind: Format) -> None:
        self._sink = _Sink()
        muxer = MUXER.get(kind.container, {})
        self._container = av.open(self._sink, "w", format=kind.container, options=muxer)
        options: dict[str, Any] = {"bit_rate": kind.bit_rate} if kind.bit_rate else {}
        self._stream: Any = self._container.add_stream(
            kind.codec, rate=SR, layout="mono", **options
        )
        self._samples = 0

    def feed(self, y: Samples) -> bytes:
        frame = av.AudioFrame.from_ndarray(_pcm16(y)[None], format="s16", layout="mono")
        frame.sample_rate, frame.time_base = SR, Fraction(1, SR)
        frame.pts = self._samples
        self._samples += len(y)
        self._container.mux(self._stream.encode(frame))
        return self._sink.take()

    def finish(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()


class _Sink(io.RawIOBase):
    """A write-only, unseekable file; `take` returns and clears what was written."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._bytes += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def _pcm16(y: Samples) -> NDArray[np.int16]:
    return (np.clip(y, -1.0, 1.0) * 32767.0).round().astype(np.int16)


def _wav_header() -> bytes:
    return _WAV_HEADER.pack(
        b"RIFF", UNKNOWN, b"WAVE", b"fmt ", 16, 1, 1, SR, 2 * SR, 2, 16, b"data", UNKNOWN
    )  # fmt: skip
