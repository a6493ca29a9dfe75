"""Warnings about a target before it is searched for: what a voice would fit that it should not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.audio import pitch, timing
from corpus.audio.checks import MAX_CLIPPED, MIN_SNR_DB, clipped_share, snr_db
from corpus.audio.io import resample
from corpus.audio.types import Audio, AudioError
from corpus.audio.units import from_st, to_st
from corpus.translatable import gettext_noop as _
from distillation.scoring.encoder import Embedding, SpeakerEncoder
from distillation.scoring.mel import power_spectrogram

Embed = Callable[[Audio], Embedding]
Vector = NDArray[np.float64]

MIN_SPEECH_S = 6.0
WINDOW_S = 3.0  # of speech, in which one speaker is looked for
LEAST_WINDOW_S = 2.5  # windows of 2 s of one person may be as far apart as two people
MOST_WINDOWS = 40  # 2 s of processor
MIN_SIMILARITY = 0.70  # of groups of windows: one person 0.81-0.95, two people 0.47-0.57
OUTSIDE_ST = 1.0
OUTSIDE_SPREADS = 2.5
LEAST_SPREAD_DB = 0.5  # of brightness: one voice differs by that from text to text
REFERENCE_HZ = 55.0
SR, N_FFT, HOP = 16_000, 1024, 256
LOW_HZ, HIGH_HZ = 200.0, 7_000.0  # between which the spectrum's slope is measured
BANDS_PER_OCTAVE = 3
DEPTH_DB = 60.0  # bands further below the loudest count as that far below

SENTENCES: Mapping[str, str] = {
    "target_short": _(
        "There are only %(value)s s of speech in the target; from %(limit)s s on its voice is "
        "known more surely."
    ),
    "target_noisy": _(
        "There is noise in the target: the speech is %(value)s dB above it, where %(limit)s dB or "
        "more are wanted. The search would fit the noise as well."
    ),
    "target_clipped": _(
        "The target is clipped: %(value)s %% of the samples of a clip, where at most %(limit)s %% "
        "are wanted. The search would fit the distortion as well."
    ),
    "two_speakers": _(
        "The target sounds like two speakers: the similarity of its parts is %(value)s, that of "
        "one person's speech %(limit)s or more. The search would fit a voice between them."
    ),
    "pitch_outside_above": _(
        "The target speaks at %(value)s Hz, higher than every stock voice (up to %(limit)s Hz); "
        "the search may not get there."
    ),
    "pitch_outside_below": _(
        "The target speaks at %(value)s Hz, lower than every stock voice (down to %(limit)s Hz); "
        "the search may not get there."
    ),
    "brightness_outside_above": _(
        "The target is far brighter than the stock voices: its spectrum slopes by %(value)s dB per "
        "octave, theirs by up to %(limit)s. The search would fit the microphone and the room."
    ),
    "brightness_outside_below": _(
        "The target is far duller than the stock voices: its spectrum slopes by %(value)s dB per "
        "octave, theirs by at least %(limit)s. The search would fit the microphone and the room."
    ),
    "language_other": _(
        "A sentence of the target is in the language %(value)s, and the run in %(limit)s: the "
        "voice would be compared across languages."
    ),
}
# Of a figure in a sentence: what it is multiplied by, and its decimals.
FIGURES: Mapping[str, tuple[float, int]] = {
    "target_short": (1.0, 1),
    "target_noisy": (1.0, 1),
    "target_clipped": (100.0, 2),
    "two_speakers": (1.0, 2),
    "pitch_outside_above": (1.0, 0),
    "pitch_outside_below": (1.0, 0),
    "brightness_outside_above": (1.0, 1),
    "brightness_outside_below": (1.0, 1),
}


@dataclass(frozen=True)
class TargetWarning:
    """Something about a target that a search would fit, or that makes it uncertain.

    Attributes
    ----------
    code : str
        Stable: `target_short target_noisy target_clipped two_speakers pitch_outside
        brightness_outside language_other`.
    value : float or str
        As measured: seconds of speech, dB, share of samples, cosine, Hz, dB per octave, language.
    limit : float or str
        What it should reach or not exceed, in the same unit; the nearest pitch of a stock voice;
        the language of the run.
    """

    code: str
    value: float | str
    limit: float | str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    def in_words(
        self,
        *,
        translated: Callable[[str], str] = str,
        number: Callable[[float, int], str] = lambda value, digits: f"{value:.{digits}f}",
    ) -> str:
        """Return one plain sentence; empty for a code that is not known here.

        Parameters
        ----------
        translated : callable
            Maps one of `SENTENCES` to the reader's language.
        number : callable
            Writes a number with so many decimals.
        """
        side = "above" if self.value > self.limit else "below"  # type: ignore[operator]
        key = self.code if self.code in SENTENCES else f"{self.code}_{side}"
        if key not in SENTENCES:
            return ""
        scale, digits = FIGURES.get(key, (1.0, 0))
        values = {
            name: found if isinstance(found, str) else number(scale * found, digits)
            for name, found in (("value", self.value), ("limit", self.limit))
        }
        return translated(SENTENCES[key]) % values


@dataclass(frozen=True, kw_only=True)
class StockRanges:
    """Where the stock voices of a student lie in pitch and brightness.

    Attributes
    ----------
    low_st, high_st : float
        Lowest and highest median F0 of a voice, semitones above 55 Hz.
    brightness_mean, brightness_sd : float
        Mean and standard deviation of their `brightness_db`, dB per octave.
    """

    low_st: float
    high_st: float
    brightness_mean: float
    brightness_sd: float

    @classmethod
    def of(cls, medians_st: Sequence[float], slopes_db: Sequence[float]) -> StockRanges | None:
        """Return the ranges of voices with these figures; None if there are none."""
        if not medians_st or not slopes_db:
            return None
        return cls(
            low_st=min(medians_st),
            high_st=max(medians_st),
            brightness_mean=float(np.mean(slopes_db)),
            brightness_sd=float(np.std(slopes_db)),
        )

    def to_json(self) -> dict[str, float]:
        """Return plain JSON types; `StockRanges(**data)` reads them back."""
        return asdict(self)


def target_warnings(
    clips: Sequence[Audio],
    *,
    embed: Embed | None = None,
    stock: StockRanges | None = None,
    lang: str = "",
    languages: Collection[str] = (),
) -> tuple[TargetWarning, ...]:
    """Return what speaks against a target, in a fixed order; none of it forbids a search.

    Parameters
    ----------
    clips : sequence of Audio
        As recorded or spoken, before their level or rate is changed: that hides clipping.
    embed : callable, optional
        The speaker encoder; without it two speakers are not looked for.
    stock : StockRanges, optional
        Of the student's stock voices; without them pitch and brightness are not compared.
    lang : str
        Language of the run.
    languages : collection of str
        Languages of the target's sentences, as far as they are known.
    """
    spoken = [timing.find(clip) for clip in clips]
    found = [
        _short(spoken),
        _noisy(clips, spoken),
        _clipped(clips),
        _two_speakers(clips, spoken, embed) if embed else None,
        _pitch_outside(clips, stock) if stock else None,
        _brightness_outside(clips, stock) if stock else None,
        _language_other(lang, languages),
    ]
    return tuple(warning for warning in found if warning)


@contextmanager
def separate_encoder() -> Iterator[Embed]:
    """Provide a speaker encoder that leaves the process its number of torch threads.

    The search's own encoder sets it to one; a teacher has yet to speak other styles with all.
    """
    import torch

    threads = torch.get_num_threads()
    try:
        yield SpeakerEncoder().embed
    finally:
        torch.set_num_threads(threads)


def brightness_db(clips: Sequence[Audio]) -> float | None:
    """Return the slope of the long-term spectrum of some clips of one voice; None if silent.

    Parameters
    ----------
    clips : sequence of Audio
        Of any level and rate; compared at 16 kHz.

    Returns
    -------
    float
        dB per octave from 200 Hz to 7 kHz, negative in speech: higher is brighter.
    """
    frames = [power for clip in clips if len(power := _loud_frames(clip))]
    if not frames:
        return None
    mean = np.concatenate(frames).mean(axis=0)
    bins = np.fft.rfftfreq(N_FFT, 1.0 / SR)
    count = int(BANDS_PER_OCTAVE * np.log2(HIGH_HZ / LOW_HZ)) + 1
    octaves = np.log2(LOW_HZ) + np.arange(count) / BANDS_PER_OCTAVE
    bands = [mean[(bins >= 2**low) & (bins < 2**high)].mean() for low, high in pairwise(octaves)]
    level_db = 10.0 * np.log10(np.asarray(bands) + 1e-20)
    return float(np.polyfit(octaves[:-1], np.maximum(level_db, level_db.max() - DEPTH_DB), 1)[0])


def _short(spoken: Sequence[timing.Timing]) -> TargetWarning | None:
    speech_s = sum(one.phonation_s for one in spoken)
    return _under("target_short", speech_s, MIN_SPEECH_S)


def _noisy(clips: Sequence[Audio], spoken: Sequence[timing.Timing]) -> TargetWarning | None:
    worst_db = min(snr_db(clip, one) for clip, one in zip(clips, spoken, strict=True))
    return _under("target_noisy", worst_db, MIN_SNR_DB)


def _clipped(clips: Sequence[Audio]) -> TargetWarning | None:
    share = max(map(clipped_share, clips))
    return (
        TargetWarning("target_clipped", _rounded(share), MAX_CLIPPED)
        if share > MAX_CLIPPED
        else None
    )


def _two_speakers(
    clips: Sequence[Audio], spoken: Sequence[timing.Timing], embed: Embed
) -> TargetWarning | None:
    windows = [part for pair in zip(clips, spoken, strict=True) for part in _windows(*pair)]
    voices = list(_embedded(windows[:: -(-len(windows) // MOST_WINDOWS) or 1], embed))
    if len(voices) < 2:
        return None
    return _under("two_speakers", _similarity(np.stack(voices).astype(np.float64)), MIN_SIMILARITY)


def _windows(clip: Audio, spoken: timing.Timing) -> list[Audio]:
    """Cut the speech of a clip into equal parts of about `WINDOW_S`; none if it has too little."""
    if spoken.phonation_s < LEAST_WINDOW_S:
        return []
    spans = [slice(*(round(t * clip.sr) for t in span)) for span in spoken.sounding]
    speech = np.concatenate([clip.y[span] for span in spans])
    count = max(1, int(spoken.phonation_s / WINDOW_S))
    return [Audio(part.copy(), clip.sr) for part in np.array_split(speech, count)]


def _embedded(windows: Sequence[Audio], embed: Embed) -> Iterator[Embedding]:
    for window in windows:
        try:
            yield embed(window)
        except AudioError:
            continue  # a window of breath or noise has no speaker


def _similarity(voices: Vector) -> float:
    """Return the cosine between the two groups of unit vectors that differ most.

    The two least similar vectors each begin a group, and the others join the nearer one. Means of
    groups are compared because one short window says little about who speaks.
    """
    first, second = np.unravel_index((voices @ voices.T).argmin(), (len(voices), len(voices)))
    centres = voices[[first, second]]
    nearer = (voices @ centres.T).argmax(axis=1)
    nearer[[first, second]] = 0, 1
    means = np.stack([voices[nearer == group].mean(axis=0) for group in (0, 1)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return float(means[0] @ means[1])


def _pitch_outside(clips: Sequence[Audio], stock: StockRanges) -> TargetWarning | None:
    median = median_st(clips)
    if median is None or stock.low_st - OUTSIDE_ST <= median <= stock.high_st + OUTSIDE_ST:
        return None
    nearest = float(np.clip(median, stock.low_st, stock.high_st))
    value_hz, limit_hz = (from_st(st, REFERENCE_HZ) for st in (median, nearest))
    return TargetWarning("pitch_outside", round(value_hz, 1), round(limit_hz, 1))


def _brightness_outside(clips: Sequence[Audio], stock: StockRanges) -> TargetWarning | None:
    found = brightness_db(clips)
    far = OUTSIDE_SPREADS * max(stock.brightness_sd, LEAST_SPREAD_DB)
    if found is None or abs(found - stock.brightness_mean) <= far:
        return None
    limit = stock.brightness_mean + (far if found > stock.brightness_mean else -far)
    return TargetWarning("brightness_outside", _rounded(found), _rounded(limit))


def _language_other(lang: str, languages: Collection[str]) -> TargetWarning | None:
    others = sorted(one for one in set(languages) if one and one != lang)
    return TargetWarning("language_other", others[0], lang) if lang and others else None


def _under(code: str, value: float, limit: float) -> TargetWarning | None:
    return TargetWarning(code, _rounded(value), limit) if value < limit else None


def _rounded(value: float) -> float:
    return round(value, 4)


def median_st(clips: Sequence[Audio]) -> float | None:
    """Return the median F0 over all clips, semitones above 55 Hz; None if nothing is voiced."""
    voiced = np.concatenate([np.zeros(0), *(pitch.track(clip).voiced_hz for clip in clips)])
    return to_st(float(np.median(voiced)), REFERENCE_HZ) if len(voiced) else None


def _loud_frames(clip: Audio) -> Vector:
    """Return the power spectra of the frames that are not silence, (n, bins), at one level."""
    power = power_spectrogram(resample(clip, SR).y, n_fft=N_FFT, hop=HOP)
    level = power.sum(axis=1)
    loud = power[level > max(1e-12, level.max() * 10.0 ** (-timing.BELOW_PEAK_DB / 10.0))]
    return loud / loud.sum(axis=1).mean() if len(loud) else loud
