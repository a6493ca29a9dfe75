"""Two-pass F0 tracking, and statistics of the F0 contour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.audio import autocorrelation
from corpus.audio.types import Audio
from corpus.audio.units import to_st

FLOOR_HZ, CEILING_HZ = 60.0, 600.0
CREAK_HZ = 30.0  # lowest rate of pulses that is looked for below FLOOR_HZ
_NEAR_S = 0.06  # of a voiced frame, whose periods reach into the longer window for creak
_FEW = 5  # voiced frames required for the second pass
_LASTING = 15  # frames in a row below the speaker's range that are creaky voice, not an error


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
    return len(_lasting(creaky_hz, FLOOR_HZ)) * autocorrelation.HOP_S


def _lasting(f0_hz: NDArray[np.float64], below_hz: float) -> NDArray[np.float64]:
    """Return F0 of the frames that are below a frequency for at least `_LASTING` in a row."""
    low = np.concatenate([[False], f0_hz < below_hz, [False]])
    edges = np.flatnonzero(np.diff(low.astype(np.int8)))
    runs = [f0_hz[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= _LASTING]
    return np.concatenate(runs) if runs else np.empty(0)


def _track(audio: Audio, floor_hz: float, ceiling_hz: float) -> Pitch:
    return Pitch(*autocorrelation.follow(audio, floor_hz=floor_hz, ceiling_hz=ceiling_hz))
