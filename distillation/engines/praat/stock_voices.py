"""Stock voices of `praat`, built like published packs: mean, length mode and residual noise."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np

from corpus.audio.types import Samples
from distillation.engines.praat.steering import HALF, Settings, row_of, uncontrolled
from distillation.voicepack import VoicePack

ROWS = 510
_MEAN_SPREAD = 0.10  # standard deviation of the published packs' means, per element
_ROW_SPREAD = (0.015, 0.055)  # along the length mode: timbre half, prosody half
_ROW_NOISE = 0.03  # relative to that: one component explains 99.9 % of variance over rows

# Eight voices span seven directions of timbre, as many as there are controls of it, so that
# interpolation and extrapolation reach every voice of praat. Kokoro's 54 span its search space.
VOICES: dict[str, Settings] = {
    "pf_luz": Settings(
        formant=1.17, tilt_db=0.6, low_db=-2, mid_db=1, presence_db=3, air_db=2, breath_db=-28,
        pitch_hz=192, intonation=1.2, rate_wpm=178, gap_s=0.012,
    ),
    "pm_teo": Settings(
        formant=0.98, tilt_db=-0.4, low_db=2, mid_db=-1, presence_db=0, air_db=-2, breath_db=-36,
        pitch_hz=104, intonation=0.9, rate_wpm=172, gap_s=0.014,
    ),
    "pf_mar": Settings(
        formant=1.10, tilt_db=-1.4, low_db=3, mid_db=-3, presence_db=-2, air_db=-3, breath_db=-20,
        pitch_hz=168, intonation=0.8, rate_wpm=162, gap_s=0.022,
    ),
    "pm_leo": Settings(
        formant=1.05, tilt_db=1.3, low_db=-3, mid_db=3, presence_db=-3, air_db=3, breath_db=-34,
        pitch_hz=132, intonation=1.4, rate_wpm=192, gap_s=0.008,
    ),
    "pf_sol": Settings(
        formant=1.25, tilt_db=1.2, low_db=1, mid_db=3, presence_db=-1, air_db=-2, breath_db=-36,
        pitch_hz=222, intonation=1.5, rate_wpm=196, gap_s=0.006,
    ),
    "pm_gil": Settings(
        formant=0.92, tilt_db=-1.2, low_db=-2, mid_db=-3, presence_db=3, air_db=1, breath_db=-24,
        pitch_hz=88, intonation=0.6, rate_wpm=156, gap_s=0.026,
    ),
    "pf_ana": Settings(
        formant=1.20, tilt_db=-0.6, low_db=-3, mid_db=-1, presence_db=2, air_db=4, breath_db=-22,
        pitch_hz=205, intonation=1.0, rate_wpm=168, gap_s=0.018,
    ),
    "pm_rui": Settings(
        formant=0.95, tilt_db=0.8, low_db=3, mid_db=2, presence_db=2, air_db=-4, breath_db=-38,
        pitch_hz=96, intonation=1.1, rate_wpm=184, gap_s=0.010,
    ),
}  # fmt: skip


@cache
def stock(name: str) -> VoicePack:
    """Build a stock voice; deterministic by name."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    mean = row_of(VOICES[name]) + uncontrolled(
        _noise(rng, (2 * HALF,), (_MEAN_SPREAD, _MEAN_SPREAD))
    )
    mode = uncontrolled(_noise(rng, (2 * HALF,), _ROW_SPREAD))
    length = np.log1p(np.arange(ROWS) / 40)
    length = (length - length.mean()) / length.std()
    rest = _noise(rng, (ROWS, 2 * HALF), _ROW_SPREAD) * np.float32(_ROW_NOISE)
    rows = mean + np.outer(length, mode).astype(np.float32) + rest
    return VoicePack(rows[:, None, :].astype(np.float32), "praat")


def _noise(rng: np.random.Generator, shape: tuple[int, ...], sd: tuple[float, float]) -> Samples:
    scale = np.repeat(np.array(sd, np.float32), HALF)
    return rng.standard_normal(shape, dtype=np.float32) * scale
