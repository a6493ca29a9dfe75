"""Synthetic audio with known properties: tones, glides, noise, pauses, speech-like syllables."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from corpus.audio.types import Audio

SR = 24_000
_FORMANTS = ((650.0, 90.0), (1100.0, 110.0), (2500.0, 160.0))  # an open vowel: Hz, bandwidth


def tone(f_hz: float, seconds: float = 1.0, *, level_db: float = -20.0, sr: int = SR) -> Audio:
    """Sine of peak `level_db` dBFS; at 997 Hz its loudness is `level_db` - 3.01 LUFS."""
    t = np.arange(round(seconds * sr)) / sr
    return Audio((10 ** (level_db / 20) * np.sin(2 * np.pi * f_hz * t)).astype(np.float32), sr)


def silence(seconds: float, *, sr: int = SR) -> Audio:
    return Audio(np.zeros(round(seconds * sr), dtype=np.float32), sr)


def noise(seconds: float = 1.0, *, level_db: float = -40.0, sr: int = SR, seed: int = 0) -> Audio:
    """White noise of RMS `level_db` dBFS."""
    y = np.random.default_rng(seed).standard_normal(round(seconds * sr))
    return Audio((10 ** (level_db / 20) * y).astype(np.float32), sr)


def voiced(f0_hz: np.ndarray, *, level_db: float = -20.0, sr: int = SR) -> Audio:
    """Vowel-like harmonics with three formants, F0 given per sample, RMS `level_db` dBFS."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / sr
    y = np.zeros(len(f0_hz))
    for n in range(1, int(4000 / f0_hz.max()) + 1):
        f = n * f0_hz
        gain = sum(1 / (1 + ((f - centre) / width) ** 2) for centre, width in _FORMANTS)
        y += (gain + 0.3 / n) * np.sin(n * phase)
    y *= 10 ** (level_db / 20) / np.sqrt(np.mean(y**2))
    return Audio(y.astype(np.float32), sr)


def glide(
    low_hz: float, range_st: float, seconds: float = 2.0, *, level_db: float = -20.0, sr: int = SR
) -> Audio:
    """Vowel whose F0 rises linearly in semitones from `low_hz` by `range_st`."""
    return voiced(
        low_hz * 2 ** (np.linspace(0, range_st, round(seconds * sr)) / 12),
        level_db=level_db,
        sr=sr,
    )


def join(*parts: Audio) -> Audio:
    return Audio(np.concatenate([part.y for part in parts]), parts[0].sr)


def mix(a: Audio, b: Audio) -> Audio:
    """Sum of two signals, truncated to the shorter."""
    n = min(len(a.y), len(b.y))
    return Audio(a.y[:n] + b.y[:n], a.sr)


def speech(
    syllables: int = 10,
    *,
    f0_hz: float = 200.0,
    range_st: float = 4.0,
    rate: float = 5.0,
    pauses: tuple[tuple[int, float], ...] = (),
    lead_s: float = 0.2,
    level_db: float = -20.0,
    noise_db: float = -75.0,
    sr: int = SR,
) -> Audio:
    """Speech-like audio: `syllables` bumps at `rate` per second, F0 varying over `range_st`.

    `pauses` contains (syllable before the pause, seconds); both ends have `lead_s` of room noise.
    """
    each = round(sr / rate)
    swing = 0.5 * range_st * np.sin(np.linspace(0, 3 * np.pi, syllables * each))
    vowel = voiced(f0_hz * 2 ** (swing / 12), level_db=level_db, sr=sr)
    bump = (0.25 + 0.75 * np.sin(np.pi * (np.arange(each) + 0.5) / each)).astype(np.float32)
    y = vowel.y * np.tile(bump, syllables)
    parts = [silence(lead_s, sr=sr).y]
    gap = dict(pauses)
    for n in range(syllables):
        parts.append(y[n * each : (n + 1) * each])
        parts.append(silence(gap.get(n + 1, 0.0), sr=sr).y)
    parts.append(silence(lead_s, sr=sr).y)
    whole = np.concatenate(parts)
    return mix(Audio(whole, sr), noise(len(whole) / sr + 0.1, level_db=noise_db, sr=sr))


def shared_data(name: str) -> Path:
    """Return a path of real data outside the repository; skip the test if it is missing."""
    root = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get("VOICELAB_SHARED_DATA", root)) / name
    if not path.exists():
        pytest.skip(f"no {path} here (VOICELAB_SHARED_DATA names another folder)")
    return path
