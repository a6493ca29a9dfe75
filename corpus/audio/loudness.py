"""Loudness: integrated loudness, normalisation, gain, peak, RMS, and frame RMS every 10 ms."""

from __future__ import annotations

import math
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio, Samples
from corpus.audio.units import from_db, to_db

BLOCK_S = 0.4  # the block length of BS.1770
GATE_LUFS = -70.0  # blocks below it count as silence
HOP_S, WINDOW_S = 0.010, 0.030
KNEE, CEILING = 0.7, 0.97  # amplitudes between which `amplify` bends the peaks
_BLOCK = 500  # frames of `frame_rms` at once: 4 MB


def integrated_lufs(audio: Audio) -> float:
    """Measure the gated integrated loudness.

    Uses FFmpeg's `ebur128` filter through PyAV: within 0.02 LU of the standard's reference tone,
    and unlike pyloudnorm it does not load scipy (77 MB) into the web process. Audio shorter than
    one block is repeated to fill one.

    Returns
    -------
    float
        LUFS; -inf if nothing reaches the gate of -70 LUFS.

    References
    ----------
    .. [1] ITU-R BS.1770-4; EBU R 128.
    """
    block = math.ceil(BLOCK_S * audio.sr)
    y = audio.y if len(audio.y) >= block else np.tile(audio.y, -(-block // len(audio.y)))
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=audio.sr, format="flt", layout="mono", time_base=Fraction(1, audio.sr)
    )
    meter = graph.add("ebur128", "metadata=1:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    lufs = GATE_LUFS
    for start in range(0, len(y), audio.sr):  # in 1 s chunks: the filter buffers its input
        piece = np.ascontiguousarray(y[None, start : start + audio.sr])
        frame = av.AudioFrame.from_ndarray(piece, format="flt", layout="mono")
        frame.sample_rate, frame.pts = audio.sr, start
        source.push(frame)
        lufs = _last_loudness(graph, lufs)
    source.push(None)
    lufs = _last_loudness(graph, lufs)
    return lufs if lufs > GATE_LUFS else -math.inf


def _last_loudness(graph: av.filter.Graph, lufs: float) -> float:
    while True:
        try:
            frame = graph.pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            return lufs
        lufs = float(frame.metadata.get("lavfi.r128.I", lufs))


def normalize(audio: Audio, lufs: float = -23.0, *, peak_limit_db: float = -1.0) -> Audio:
    """Apply a constant gain to reach a loudness, reduced if the peak would exceed the limit.

    Parameters
    ----------
    audio : Audio
        Of any length.
    lufs : float
        Target integrated loudness, LUFS.
    peak_limit_db : float
        Maximum sample peak, dBFS.

    Returns
    -------
    Audio
        New samples; the input itself if it is too quiet to measure.
    """
    measured = integrated_lufs(audio)
    if measured == -math.inf:
        return audio
    gain_db = min(lufs - measured, peak_limit_db - peak_db(audio))
    return Audio((audio.y * from_db(gain_db)).astype(np.float32), audio.sr)


def amplify(audio: Audio, gain_db: float) -> Audio:
    """Apply a gain; if it is positive, amplitudes over 0.7 are bent to stay within 0.97.

    The bend is a hyperbolic tangent of slope 1 at the knee and looks at one sample at a time, so
    the pieces of a text keep one level, which a gain reduced to each piece's peak would not.

    Parameters
    ----------
    audio : Audio
        With |y| at most about 0.97, as students speak.
    gain_db : float
        dB.

    Returns
    -------
    Audio
        New samples; the input itself for a gain of 0.
    """
    if gain_db == 0:
        return audio
    y = audio.y * np.float32(from_db(gain_db))
    if gain_db > 0:
        over = np.abs(y) > KNEE
        bent = KNEE + (CEILING - KNEE) * np.tanh((np.abs(y[over]) - KNEE) / (CEILING - KNEE))
        y[over] = np.copysign(bent, y[over])
    return Audio(y, audio.sr)


def peak_db(audio: Audio) -> float:
    """Return the peak sample magnitude, dBFS; `FLOOR_DB` for digital silence."""
    return to_db(float(np.abs(audio.y).max(initial=0)))


def rms_db(audio: Audio) -> float:
    """Return the RMS of all samples, dBFS; -3.01 for a full-scale sine."""
    return to_db(math.sqrt(float(np.mean(np.square(audio.y, dtype=np.float64)))))


def frame_rms(audio: Audio) -> NDArray[np.float64]:
    """Compute the RMS in windows of 30 ms, one every 10 ms, with the DC offset removed.

    Returns
    -------
    ndarray, shape (n,)
        Linear amplitude ≥ 0; frame `i` is centred at `(i + 0.5) * HOP_S` seconds, and windows are
        truncated at the ends of the audio.
    """
    n = max(1, int(audio.duration_s / HOP_S))
    centre = (np.arange(n) + 0.5) * HOP_S * audio.sr
    half = 0.5 * WINDOW_S * audio.sr
    start = np.maximum(0, np.round(centre - half)).astype(int)
    end = np.minimum(len(audio.y), np.round(centre + half)).astype(int)
    offset = audio.y.mean(dtype=np.float64)
    power = [
        _mean_squares(audio.y, offset, start[at : at + _BLOCK], end[at : at + _BLOCK])
        for at in range(0, n, _BLOCK)
    ]
    return np.sqrt(np.concatenate(power))


def _mean_squares(
    y: Samples, offset: float, start: NDArray[np.int_], end: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Return the mean square of each window, computed from one cumulative sum."""
    squares = y[start[0] : end[-1]].astype(np.float64)
    squares -= offset
    squares *= squares
    energy = np.zeros(len(squares) + 1)
    np.cumsum(squares, out=energy[1:])
    start, end = start - start[0], end - start[0]
    return np.maximum(0, energy[end] - energy[start]) / (end - start)
