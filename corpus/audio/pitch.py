"""F0 tracked in two passes by Boersma's autocorrelation method, and statistics of the contour.

The method's defaults and costs are Praat's ("Sound: To Pitch (ac)"), which is the tests' oracle.
Praat itself would add 73 MB to the web process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from corpus.audio.io import resample
from corpus.audio.types import Audio, Samples
from corpus.audio.units import to_st

Floats = NDArray[np.float64]

FLOOR_HZ, CEILING_HZ = 60.0, 600.0
CREAK_HZ = 30.0  # lowest rate of pulses that is looked for below FLOOR_HZ
_NEAR_S = 0.06  # of a voiced frame, whose periods reach into the longer window for creak
_FEW = 5  # voiced frames required for the second pass
_LASTING = 15  # frames in a row below the speaker's range that are creaky voice, not an error
HOP_S = 0.010
ANALYSIS_SR = 16_000
PERIODS = 3  # periods of the floor in one window
CANDIDATES = 14  # voiced candidates per frame, at most
SILENCE, VOICING = 0.03, 0.45  # thresholds
OCTAVE_COST, JUMP_COST, VOICING_COST = 0.01, 0.35, 0.14
_FINER = 2  # oversampling of the autocorrelation, before parabolic interpolation
_BLOCK = 32  # frames in memory at once: 5 MB at a floor of 30 Hz


@dataclass(frozen=True, eq=False)
class Pitch:
    """F0 over time.

    Attributes
    ----------
    f0_hz : ndarray, shape (n,), float64
        Hz; NaN where unvoiced.
    times_s : ndarray, shape (n,), float64
        Centre of each frame, s.
    """

    f0_hz: NDArray[np.float64]
    times_s: NDArray[np.float64]

    @property
    def voiced_hz(self) -> NDArray[np.float64]:
        """F0 of the voiced frames only, Hz, shape (m,)."""
        return self.f0_hz[~np.isnan(self.f0_hz)]

    @property
    def voiced_ratio(self) -> float:
        """Share of voiced frames, 0-1."""
        return len(self.voiced_hz) / len(self.f0_hz) if len(self.f0_hz) else 0.0

    @property
    def mean_hz(self) -> float | None:
        return float(self.voiced_hz.mean()) if len(self.voiced_hz) else None

    @property
    def median_hz(self) -> float | None:
        return float(np.median(self.voiced_hz)) if len(self.voiced_hz) else None

    @property
    def range_st(self) -> float | None:
        """12·log2(p95 / p5) of the voiced frames, semitones ≥ 0."""
        if not len(self.voiced_hz):
            return None
        low, high = np.percentile(self.voiced_hz, [5, 95])
        return to_st(float(high), float(low))


def track(audio: Audio) -> Pitch:
    """Track F0 by autocorrelation in two passes, the second within the speaker's range.

    The first pass searches 60-600 Hz; the second 0.75·q25 to 1.5·q75 of the first pass's F0,
    which removes octave jumps. Where the first pass stays lower for 0.15 s or longer, as in creaky
    voice at the end of a sentence, the second follows it down. One frame every 10 ms.

    Returns
    -------
    Pitch
        Without frames if the audio is shorter than one analysis window (50 ms).

    References
    ----------
    .. [1] Boersma 1993, "Accurate short-term analysis of the fundamental frequency".
    .. [2] De Looze & Hirst 2008, "Detecting changes in key and range for the automatic
       modelling and coding of intonation" (the two passes).
    """
    first = _track(audio, FLOOR_HZ, CEILING_HZ)
    if len(first.voiced_hz) < _FEW:
        return first
    q25, q75 = np.percentile(first.voiced_hz, [25, 75])
    creaky_hz = _lasting(first.f0_hz, 0.75 * q25)
    low = 0.75 * (np.percentile(creaky_hz, 25) if len(creaky_hz) else q25)
    return _track(audio, max(FLOOR_HZ, low), min(CEILING_HZ, 1.5 * q75))


def creak_s(audio: Audio, tune: Pitch, sounding: Sequence[tuple[float, float]]) -> float:
    """Return how long there are pulses at 30-60 Hz where `tune` has no pitch, s.

    There the pitch is unsure: `track` calls such creaky voice unvoiced. Only runs of 0.15 s or
    longer count, within `sounding` (start and end, s), so that hum in a pause does not.
    """
    low = _track(audio, CREAK_HZ, FLOOR_HZ)
    voiced_s = tune.times_s[~np.isnan(tune.f0_hz)]
    ends_s = np.concatenate([[-np.inf], voiced_s, [np.inf]])
    after = np.searchsorted(ends_s, low.times_s)
    distance_s = np.minimum(low.times_s - ends_s[after - 1], ends_s[after] - low.times_s)
    within = np.zeros(len(low.times_s), dtype=bool)
    for start_s, end_s in sounding:
        within |= (low.times_s >= start_s) & (low.times_s <= end_s)
    creaky_hz = np.where(within & (distance_s > _NEAR_S), low.f0_hz, np.nan)
    return len(_lasting(creaky_hz, FLOOR_HZ)) * HOP_S


def _lasting(f0_hz: NDArray[np.float64], below_hz: float) -> NDArray[np.float64]:
    """Return F0 of the frames that are below a frequency for at least `_LASTING` in a row."""
    low = np.concatenate([[False], f0_hz < below_hz, [False]])
    edges = np.flatnonzero(np.diff(low.astype(np.int8)))
    runs = [f0_hz[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= _LASTING]
    return np.concatenate(runs) if runs else np.empty(0)


def _track(audio: Audio, floor_hz: float, ceiling_hz: float) -> Pitch:
    return Pitch(*follow(audio, floor_hz=floor_hz, ceiling_hz=ceiling_hz))


def follow(audio: Audio, *, floor_hz: float, ceiling_hz: float) -> tuple[Floats, Floats]:
    """Track F0, one frame every 10 ms.

    Parameters
    ----------
    audio : Audio
        Any sample rate; resampled to 16 kHz if higher.
    floor_hz, ceiling_hz : float
        Search range of F0, Hz.

    Returns
    -------
    f0_hz, times_s : ndarray, shape (n,), float64
        F0 in Hz, NaN where unvoiced; centre of each frame, s. Empty if the audio is shorter than
        3.5 periods of the floor.

    References
    ----------
    .. [1] Boersma 1993, "Accurate short-term analysis of the fundamental frequency and the
       harmonics-to-noise ratio of a sampled sound", IFA Proceedings 17:97.
    """
    if audio.duration_s <= (PERIODS + 0.5) / floor_hz:
        return np.empty(0), np.empty(0)
    audio = resample(audio, min(ANALYSIS_SR, audio.sr))
    window_s = PERIODS / floor_hz
    n = int((audio.duration_s - window_s) / HOP_S) + 1
    steps = np.arange(n, dtype=np.float64) - 0.5 * (n - 1)
    times_s = np.asarray(0.5 * audio.duration_s + HOP_S * steps, dtype=np.float64)
    f0_hz, costs = _candidates(audio, times_s, floor_hz, ceiling_hz)
    return _cheapest(f0_hz, costs), times_s


def _candidates(
    audio: Audio, times_s: Floats, floor_hz: float, ceiling_hz: float
) -> tuple[Floats, Floats]:
    """Return each frame's candidates, the unvoiced (NaN) first, and their local costs."""
    f0_hz = np.full((len(times_s), CANDIDATES + 1), np.nan)
    costs = np.full(f0_hz.shape, np.inf)
    at = 0
    for voicelessness, correlation in _blocks(audio, times_s, floor_hz):
        found_hz, strength = _peaks(correlation, audio.sr, floor_hz, ceiling_hz)
        rows = slice(at, at + len(correlation))
        f0_hz[rows, 1:] = found_hz
        costs[rows, 0] = -voicelessness
        alone = OCTAVE_COST * np.log2(ceiling_hz / found_hz) - strength
        costs[rows, 1:] = np.where(np.isnan(found_hz), np.inf, alone)
        at += len(correlation)
    used = 1 + int((~np.isnan(f0_hz[:, 1:])).sum(axis=1).max())
    return f0_hz[:, :used], costs[:, :used]


def _blocks(audio: Audio, times_s: Floats, floor_hz: float) -> Iterator[tuple[Floats, Samples]]:
    """Yield, in blocks of frames, the unvoiced candidate's strength and the autocorrelation."""
    period = int(audio.sr / floor_hz)
    half = int(PERIODS * audio.sr / floor_hz) // 2 - 1
    window = np.hanning(2 * half + 2)[1:-1].astype(np.float32)
    longest = min(period + 2, 2 * half)
    of_window = _correlation(window[None], longest)
    middle = np.floor(times_s * audio.sr - 0.5).astype(int) + 1
    framed = sliding_window_view(audio.y, 2 * half)
    around = sliding_window_view(audio.y, 2 * period)
    global_peak = float(np.abs(audio.y - audio.y.mean(dtype=np.float64)).max())
    loud = slice(max(0, half - period // 2 - 1), half + period // 2 + 1)
    for start in range(0, len(middle), _BLOCK):
        rows = middle[start : start + _BLOCK]
        mean = around[np.clip(rows - period, 0, len(around) - 1)].mean(axis=1, keepdims=True)
        frames = framed[np.clip(rows - half, 0, len(framed) - 1)] - mean
        frames *= window
        peak = np.abs(frames[:, loud]).max(axis=1).astype(np.float64)
        level = np.minimum(1.0, peak / max(global_peak, 1e-30))
        voicelessness = VOICING + np.maximum(0.0, 2 - level * (1 + VOICING) / SILENCE)
        yield voicelessness, _correlation(frames, longest) / of_window


def _correlation(frames: Samples, longest: int) -> Samples:
    """Return the autocorrelation up to a lag of `longest` samples, `_FINER` points per sample."""
    size = 1 << int(1.5 * frames.shape[1] - 1).bit_length()
    spectrum = np.fft.rfft(frames, size, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    found = np.fft.irfft(power, _FINER * size, axis=1)[:, : _FINER * longest + 1]
    return np.asarray(found / np.maximum(found[:, :1], 1e-30), dtype=np.float32)


def _peaks(r: Samples, sr: int, floor_hz: float, ceiling_hz: float) -> tuple[Floats, Floats]:
    """Return the strongest maxima as frequencies, Hz (padded with NaN), and heights."""
    first = max(1, int(_FINER * sr / ceiling_hz))
    before, here, after = r[:, first - 1 : -2], r[:, first:-1], r[:, first + 1 :]
    is_peak = (here > 0.5 * VOICING) & (here > before) & (here >= after)
    lags = np.arange(first, first + here.shape[1])
    rank = np.where(is_peak, here - OCTAVE_COST * np.log2(lags * floor_hz / (_FINER * sr)), -np.inf)
    keep = min(CANDIDATES, rank.shape[1])
    columns = np.argpartition(-rank, keep - 1, axis=1)[:, :keep]
    columns = np.take_along_axis(
        columns, np.argsort(-np.take_along_axis(rank, columns, 1), axis=1, kind="stable"), 1
    )
    real = np.take_along_axis(is_peak, columns, 1)
    a, b, c = (np.take_along_axis(x, columns, 1).astype(np.float64) for x in (before, here, after))
    slope, bend = np.where(real, 0.5 * (c - a), 0), np.where(real, 2 * b - a - c, 1)
    f0_hz = _FINER * sr / (lags[columns] + slope / bend)
    height = b + 0.5 * slope**2 / bend
    height = np.where(height > 1, 1 / np.maximum(height, 1), height)
    real &= f0_hz < ceiling_hz
    pad = ((0, 0), (0, CANDIDATES - keep))
    return (
        np.pad(np.where(real, f0_hz, np.nan), pad, constant_values=np.nan),
        np.pad(np.where(real, height, 0.0), pad),
    )


def _cheapest(f0_hz: Floats, costs: Floats) -> Floats:
    """Return the cheapest path (Viterbi); pitch jumps and voicing transitions add cost."""
    octave = np.log2(f0_hz)
    total = costs[0]
    back = np.empty(costs.shape, dtype=np.intp)
    for t in range(1, len(costs)):
        jump = np.abs(octave[t - 1][:, None] - octave[t])
        jump *= JUMP_COST
        jump[np.isnan(jump)] = VOICING_COST
        jump[0, 0] = 0.0
        jump += total[:, None]
        back[t] = jump.argmin(axis=0)
        total = jump.min(axis=0) + costs[t]
    path = np.empty(len(costs), dtype=np.intp)
    path[-1] = total.argmin()
    for t in range(len(costs) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return np.asarray(f0_hz[np.arange(len(path)), path])
