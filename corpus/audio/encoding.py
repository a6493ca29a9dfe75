"""Audio encoders, whole-file or streaming, for the six formats of the OpenAI API."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import av
import numpy as np
import soundfile
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


@dataclass(frozen=True)
class Format:
    """How one `response_format` is encoded; `streams`: bytes are available before the end."""

    media_type: str
    container: str
    codec: str = ""
    bit_rate: int = 0
    streams: bool = True

    def encoder(self) -> Encoder:
        if self.codec:
            return StreamEncoder(self)
        return PcmEncoder() if self.streams else FileEncoder(self.container)


MUXER = {
    "mp3": {"write_xing": "0"},  # this header needs the total length, unknown here
    "ogg": {"page_duration": "200000"},  # µs; the default is a whole second
}
FORMATS = {
    "mp3": Format("audio/mpeg", "mp3", "libmp3lame", 96_000),
    "wav": Format("audio/wav", "WAV", streams=False),
    "opus": Format("audio/ogg", "ogg", "libopus", 48_000),
    "aac": Format("audio/aac", "adts", "aac", 96_000),
    "flac": Format("audio/flac", "FLAC", streams=False),
    "pcm": Format("audio/pcm", "pcm"),
}


class PcmEncoder:
    """Raw 16-bit little-endian samples without a header."""

    def feed(self, y: Samples) -> bytes:
        return _pcm16(y).astype("<i2").tobytes()

    def finish(self) -> bytes:
        return b""


class FileEncoder:
    """WAV and FLAC, whose headers contain the length: the file is written at the end."""

    def __init__(self, container: str) -> None:
        self._container = container
        self._parts: list[NDArray[np.int16]] = []

    def feed(self, y: Samples) -> bytes:
        self._parts.append(_pcm16(y))
        return b""

    def finish(self) -> bytes:
        file = io.BytesIO()
        soundfile.write(
            file, np.concatenate(self._parts), SR, subtype="PCM_16", format=self._container
        )
        return file.getvalue()


class StreamEncoder:
    """MP3, Opus and AAC through PyAV, constant bit rate, playable from the first byte."""

    def __init__(self, kind: Format) -> None:
        self._sink = _Sink()
        options = MUXER.get(kind.container, {})
        self._container = av.open(self._sink, "w", format=kind.container, options=options)
        self._stream: Any = self._container.add_stream(
            kind.codec, rate=SR, layout="mono", bit_rate=kind.bit_rate
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
