"""Feature similarity of two clips in timbre, brightness, energy, pitch and pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from corpus.audio import timing
from corpus.audio.io import resample
from corpus.audio.pitch import Pitch, track
from corpus.audio.types import Audio, AudioError
from distillation.scoring.mel import mel_filters, power_spectrogram

Float = NDArray[np.float64]

DIP_DB = 2.0  # two peaks are separate nuclei if the level dips this far between them
BELOW_PEAK_DB = 25.0  # peaks further below the maximum are not vowels


SR = 16_000
N_FFT, HOP = 1024, 256
N_MELS, N_MFCC = 40, 13
LEVEL = 0.05  # RMS of the active frames after level matching (-26 dBFS)
ACTIVE_DB = 35.0  # frames within this of the loudest count as active
ROLLOFF = 0.85
REFERENCE_HZ = 55.0  # pitch is compared in semitones above this

# A difference is relative to the larger of the two values, or to this if that is smaller.
FLOORS = {
    "mfcc": 20.0,
    "centroid_hz": 200.0,
    "bandwidth_hz": 200.0,
    "rolloff_hz": 400.0,
    "flatness": 0.02,
    "crossings": 0.02,
    "level_db": 3.0,
    "pitch_st": 6.0,
    "voiced": 0.2,
    "pace": 4.0,
}
# If zero is arbitrary, as on a pitch scale, the difference is relative to this alone.
SPANS = {"pitch_st_mean": 6.0}
# Groups have equal weight, regardless of their number of features.
GROUPS = {
    "timbre": ("mfcc",),
    "brightness": ("centroid_hz", "bandwidth_hz", "rolloff_hz", "flatness", "crossings"),
    "energy": ("level_db",),
    "pitch": ("pitch_st", "voiced"),
    "pace": ("pace",),
}


def features(audio: Audio) -> dict[str, float]:
    """Return the features of a clip after level matching.

    Parameters
    ----------
    audio : Audio
        At least one active 64 ms frame.

    Returns
    -------
    dict of str to float
        Means and standard deviations over the active frames: `mfcc1…12` (orthonormal DCT of
        the log-mel spectrum in dB; the 0th, which is the level, is left out), `centroid_hz`,
        `bandwidth_hz`, `rolloff_hz` (85 %), `flatness` (0-1), `crossings` (share of samples),
        `level_db` (standard deviation only), `pitch_st` (semitones above 55 Hz, voiced frames),
        `voiced` (share of frames) and `pace` (syllable nuclei per second). Independent of the
        level of the audio.

    Raises
    ------
    AudioError
        `silent`: no frame above the floor.
    """
    y, active = _level_matched(resample(audio, SR).y)
    matched = Audio(y.astype(np.float32), SR)
    pitch = track(matched)
    whole = power_spectrogram(y, n_fft=N_FFT, hop=HOP)[: len(active)]
    power = whole[active]
    found = _summaries("mfcc", _mfcc(power)) | _spectral(power)
    crossings = np.diff(np.signbit(_frames(y)[active]), axis=1).mean(axis=1)
    found |= _summary("crossings", crossings)
    level_db = 10.0 * np.log10(power.sum(axis=1) + 1e-12)
    found["level_db_std"] = float(level_db.std())
    found["pace_mean"] = nuclei_per_second(matched, whole.sum(axis=1), HOP / SR, pitch)
    return found | _pitch(pitch)


def mean_features(clips: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each feature over several clips of one voice."""
    return {name: float(np.mean([clip[name] for clip in clips])) for name in clips[0]}


def feature_similarity(found: Mapping[str, float], wanted: Mapping[str, float]) -> float:
    """Return the similarity of two sets of features.

    Parameters
    ----------
    found, wanted : mapping of str to float
        As `features` returns them.

    Returns
    -------
    float
        0-1: one minus the mean difference, averaged within each of `GROUPS`, then over the
        groups. Each difference is at most 1 and relative to the larger of the two values (at
        least the feature's floor, to avoid blow-up near zero), or for the mean pitch, to 6
        semitones. Symmetric; 1 for equal features.
    """
    apart: dict[str, list[float]] = {group: [] for group in GROUPS}
    for name in wanted:
        apart[_group(name)].append(_difference(name, found[name], wanted[name]))
    return 1.0 - float(np.mean([np.mean(group) for group in apart.values()]))


def _kind(name: str) -> str:
    return name.rsplit("_", 1)[0].rstrip("0123456789")


@cache
def _group(name: str) -> str:
    return next(group for group, kinds in GROUPS.items() if _kind(name) in kinds)


def _difference(name: str, a: float, b: float) -> float:
    span = SPANS.get(name) or max(abs(a), abs(b), FLOORS[_kind(name)])
    return min(1.0, abs(a - b) / span)


def _frames(y: Float) -> Float:
    padded = np.pad(y, N_FFT // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]


def _level_matched(y: NDArray[np.float32]) -> tuple[Float, NDArray[np.bool_]]:
    """Return samples whose active frames have RMS `LEVEL`, and which frames those are."""
    samples = y.astype(np.float64)
    power = np.mean(_frames(samples) ** 2, axis=1)
    if not len(power) or power.max() < 1e-12:
        raise AudioError("silent", "the audio is silent: no features to compare.")
    active = power > power.max() * 10.0 ** (-ACTIVE_DB / 10.0)
    return samples * (LEVEL / np.sqrt(power[active].mean())), active


def _mfcc(power: Float) -> Float:
    mel_db = 10.0 * np.log10(np.maximum(power @ mel_filters(SR, N_FFT, N_MELS), 1e-10))
    return np.asarray(mel_db @ _cosines())


@cache
def _cosines() -> Float:
    """Return the orthonormal DCT-II, (N_MELS, N_MFCC - 1), without its constant term."""
    phases = np.outer(np.arange(N_MELS) + 0.5, np.arange(1, N_MFCC))
    return np.sqrt(2.0 / N_MELS) * np.cos(np.pi / N_MELS * phases)


def _spectral(power: Float) -> dict[str, float]:
    bins = np.fft.rfftfreq(N_FFT, 1.0 / SR)
    magnitude = np.sqrt(power) + 1e-12
    share = magnitude / magnitude.sum(axis=1, keepdims=True)
    centroid = share @ bins
    bandwidth = np.sqrt(np.sum(share * (bins[None, :] - centroid[:, None]) ** 2, axis=1))
    rolloff = bins[np.argmax(np.cumsum(share, axis=1) >= ROLLOFF, axis=1)]
    floored = np.maximum(power, 1e-10)
    flatness = np.exp(np.log(floored).mean(axis=1)) / floored.mean(axis=1)
    return (
        _summary("centroid_hz", centroid)
        | _summary("bandwidth_hz", bandwidth)
        | _summary("rolloff_hz", rolloff)
        | _summary("flatness", flatness)
    )


def _pitch(pitch: Pitch) -> dict[str, float]:
    f0_hz = pitch.f0_hz
    voiced = f0_hz[np.isfinite(f0_hz)]
    if not len(voiced):
        return {"pitch_st_mean": 0.0, "pitch_st_std": 0.0, "voiced_mean": 0.0}
    pitch_st = 12.0 * np.log2(voiced / REFERENCE_HZ)
    return _summary("pitch_st", pitch_st) | {"voiced_mean": len(voiced) / len(f0_hz)}


def _summary(name: str, values: Float) -> dict[str, float]:
    return {f"{name}_mean": float(values.mean()), f"{name}_std": float(values.std())}


def _summaries(name: str, columns: Float) -> dict[str, float]:
    found: dict[str, float] = {}
    for number, column in enumerate(columns.T, start=1):
        found |= _summary(f"{name}{number}", column)
    return found


def nuclei_per_second(audio: Audio, power: Float, hop_s: float, pitch: Pitch) -> float:
    """Return the articulation rate: syllable nuclei per second, excluding pauses.

    Pauses are excluded because a target clip is joined from sentences, so that its pauses are
    inserted and not the speaker's.

    Parameters
    ----------
    audio : Audio
        The clip; its pauses are found by `corpus.audio.timing`.
    power : ndarray, shape (frames,)
        Power of each frame; windows of 64 ms resolve syllables, not single periods.
    hop_s : float
        Time between frames, s.
    pitch : Pitch
        Of the same clip: only voiced peaks are vowels.

    Returns
    -------
    float
        Syllable nuclei per second of phonation; 0 without speech. Within about 15 % of the
        number of syllables in the text.

    References
    ----------
    .. [1] de Jong & Wempe 2009, "Praat script to detect syllable nuclei and measure speech
       rate automatically", Behavior Research Methods 41:385.
    """
    sounding_s = timing.find(audio).phonation_s
    if not sounding_s or not len(pitch.f0_hz):
        return 0.0
    level_db = 10.0 * np.log10(power + 1e-12)
    nearest = np.searchsorted(pitch.times_s, np.arange(len(power)) * hop_s)
    voiced = np.isfinite(pitch.f0_hz)[np.minimum(nearest, len(pitch.f0_hz) - 1)]
    return sum(bool(voiced[peak]) for peak in _peaks(level_db)) / sounding_s


def _peaks(level_db: Float) -> list[int]:
    """Return the loudest frames, separated by dips of at least `DIP_DB`."""
    middle = level_db[1:-1]
    rises = (middle > level_db[:-2]) & (middle >= level_db[2:])
    loud = middle > np.percentile(level_db, 99) - BELOW_PEAK_DB
    kept: list[int] = []
    for peak in (np.flatnonzero(rises & loud) + 1).tolist():
        lower = min(level_db[peak], level_db[kept[-1]]) if kept else 0.0
        if not kept or level_db[kept[-1] : peak].min() <= lower - DIP_DB:
            kept.append(peak)
        elif level_db[peak] > level_db[kept[-1]]:
            kept[-1] = peak
    return kept
