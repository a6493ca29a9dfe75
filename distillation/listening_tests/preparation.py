"""Prepares sounds for a test: trimmed, equally loud and long, in one format; degraded for traps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from corpus.audio import timing
from corpus.audio.io import resample
from corpus.audio.loudness import integrated_lufs, peak_db
from corpus.audio.types import Audio
from corpus.audio.units import from_db

RATE_HZ = 24_000
MARGIN_S, FADE_S = 0.1, 0.01
LUFS, PEAK_DB = -23.0, -1.0
MNRU_Q_DB = 0.0  # as much noise as speech


def trimmed(audio: Audio) -> Audio:
    """Return the speech at `RATE_HZ`, with 0.1 s before and after it and faded edges.

    Audio without speech is only resampled and faded.
    """
    audio = resample(audio, RATE_HZ)
    spoken = timing.find(audio)
    if spoken.sounding:
        end_s = audio.duration_s - spoken.trail_s + MARGIN_S
        audio = audio.part(max(0.0, spoken.start_s - MARGIN_S), min(audio.duration_s, end_s))
    count = min(round(FADE_S * RATE_HZ), len(audio.y) // 2)
    ramp = np.linspace(0, 1, count, dtype=np.float32)
    y = audio.y.copy()
    y[:count] *= ramp
    y[len(y) - count :] *= ramp[::-1]
    return Audio(y, RATE_HZ)


def degraded(audio: Audio, *, seed: int) -> Audio:
    """Return the speech in noise that follows its level, as bad as no voice under test is.

    The modulated noise reference unit at Q = 0 dB: every sample is multiplied by 1 plus a
    Gaussian random number.

    Parameters
    ----------
    audio : Audio
        Of any rate.
    seed : int
        The same seed gives the same noise.

    References
    ----------
    .. [1] ITU-T P.810, "Modulated noise reference unit (MNRU)".
    """
    noise = np.random.default_rng(seed).standard_normal(len(audio.y)).astype(np.float32)
    return Audio(audio.y * (1 + np.float32(from_db(-MNRU_Q_DB)) * noise), audio.sr)


def common_lufs(audios: Iterable[Audio]) -> float:
    """Return the loudness that all can reach below the peak limit, at most `LUFS`."""
    reachable = [integrated_lufs(audio) + PEAK_DB - peak_db(audio) for audio in audios]
    return min([LUFS, *(lufs for lufs in reachable if math.isfinite(lufs))])


def at_loudness(audio: Audio, lufs: float) -> Audio:
    """Return the audio at an integrated loudness, LUFS; silence is returned unchanged."""
    measured = integrated_lufs(audio)
    if not math.isfinite(measured):
        return audio
    return Audio((audio.y * np.float32(from_db(lufs - measured))).astype(np.float32), audio.sr)


def equally_long(audios: Sequence[Audio]) -> list[Audio]:
    """Return all of one rate with silence at their ends, as long as the longest."""
    most = max(len(audio.y) for audio in audios)
    return [Audio(np.pad(audio.y, (0, most - len(audio.y))), audio.sr) for audio in audios]
