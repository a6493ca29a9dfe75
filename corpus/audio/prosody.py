"""Prosody measurements of a take: pitch, energy, rate, pauses."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from corpus.audio import loudness, pitch, timing
from corpus.audio.types import Audio
from corpus.audio.units import FLOOR_DB, frames_to_db

ANALYSER = "2"  # incremented whenever a figure below changes its meaning or value
NORMAL_LUFS = -23.0
CONTOUR_POINTS = 120


@dataclass(frozen=True, kw_only=True)
class Prosody:
    """Prosody of one take, as returned by `measure`.

    Attributes
    ----------
    duration_s : float
        Duration of the whole take, including silence at its ends.
    loudness_lufs : float
        Integrated loudness as recorded; `FLOOR_DB` if nothing reaches the gate.
    pitch_mean_hz, pitch_median_hz : float or None
        F0 of the voiced frames; None if nothing is voiced.
    pitch_range_st : float or None
        12·log2(p95 / p5) of F0, semitones.
    voiced_ratio : float
        Share of voiced frames, 0-1.
    energy_mean_db : float
        Mean frame level of the phonation after normalisation to -23 LUFS, dBFS.
    energy_std : float
        Standard deviation of the linear frame RMS (30 ms windows, every 10 ms) from the start to
        the end of the speech, relative to the 99th percentile of the frames: about 0.2-0.3 in
        speech, 0 for a steady tone, independent of the recording level. The `energy_std` of the
        exchange format.
    speech_rate, articulation_rate : float or None
        Syllables per second with and without pauses; None if the text is unknown.
    pause_count : int
        Number of silences of at least 0.3 s within the speech.
    pause_s, pause_ratio : float
        Their sum, s, and their share of the speech, 0-1.
    lead_s, trail_s : float
        Silence before and after the speech, s.
    contour : tuple of (time s, F0 Hz or None)
        F0 over time for drawing, at most 120 points; None where unvoiced.
    creak_s : float
        Creaky voice below 60 Hz, s: its frames count as unvoiced, its pitch is unsure. 0 in scores
        from before it was measured.
    """

    duration_s: float
    loudness_lufs: float
    pitch_mean_hz: float | None
    pitch_median_hz: float | None
    pitch_range_st: float | None
    voiced_ratio: float
    energy_mean_db: float
    energy_std: float
    speech_rate: float | None
    articulation_rate: float | None
    pause_count: int
    pause_s: float
    pause_ratio: float
    lead_s: float
    trail_s: float
    contour: tuple[tuple[float, float | None], ...] = ()
    creak_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, rounded to four decimals, for `from_json`."""
        data = {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }
        data["contour"] = [list(point) for point in self.contour]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Prosody:
        """Build from the output of `to_json`; unknown keys are ignored."""
        known = {f.name for f in fields(cls)}
        contour = tuple((t, f0) for t, f0 in data.get("contour", ()))
        return cls(**{**{k: v for k, v in data.items() if k in known}, "contour": contour})


def measure(audio: Audio, *, syllables: int | None = None) -> Prosody:
    """Measure the prosody of a take.

    Parameters
    ----------
    audio : Audio
        The take as recorded.
    syllables : int, optional
        Syllables of the text (`corpus.phonetics.syllables`); without it the rates are None.

    Returns
    -------
    Prosody
    """
    spoken, tune = timing.find(audio), pitch.track(audio)
    lufs = max(FLOOR_DB, loudness.integrated_lufs(audio))
    mean_db, std = _energy(audio, spoken, lufs)
    return Prosody(
        duration_s=audio.duration_s,
        loudness_lufs=lufs,
        pitch_mean_hz=tune.mean_hz,
        pitch_median_hz=tune.median_hz,
        pitch_range_st=tune.range_st,
        voiced_ratio=tune.voiced_ratio,
        energy_mean_db=mean_db,
        energy_std=std,
        speech_rate=None if syllables is None else spoken.speech_rate(syllables),
        articulation_rate=None if syllables is None else spoken.articulation_rate(syllables),
        pause_count=len(spoken.pauses),
        pause_s=spoken.speech_s - spoken.phonation_s,
        pause_ratio=spoken.pause_ratio,
        lead_s=spoken.start_s,
        trail_s=spoken.trail_s,
        contour=_contour(tune),
        creak_s=pitch.creak_s(audio, tune, spoken.sounding),
    )


def _energy(audio: Audio, spoken: timing.Timing, lufs: float) -> tuple[float, float]:
    """Return `energy_mean_db` and `energy_std`."""
    if not spoken.sounding:
        return FLOOR_DB, 0.0
    rms = loudness.frame_rms(audio)
    spans = [slice(*(round(t / loudness.HOP_S) for t in span)) for span in spoken.sounding]
    mean_db = np.concatenate([frames_to_db(rms[span]) for span in spans]).mean()
    whole = rms[spans[0].start : spans[-1].stop]
    return float(mean_db) + NORMAL_LUFS - lufs, float(whole.std() / np.percentile(whole, 99))


def _contour(tune: pitch.Pitch) -> tuple[tuple[float, float | None], ...]:
    step = max(1, -(-len(tune.f0_hz) // CONTOUR_POINTS))
    points = zip(tune.times_s[::step], tune.f0_hz[::step], strict=True)
    return tuple(
        (round(float(t), 3), None if np.isnan(f) else round(float(f), 1)) for t, f in points
    )
