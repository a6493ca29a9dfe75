"""The quality score of a take, 0-1: technical checks times fit to its style's profile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from corpus.audio.checks import Check, Limit
from corpus.audio.prosody import Prosody
from corpus.audio.units import to_st

Profile = Mapping[str, Sequence[float]]

PAUSE_OFFSET = 0.1  # added to pause shares, often 0, to keep their ratio finite and stable
# Unit, distance outside the band at which the score is 0.5, weight.
STYLE_PARTS = {
    "pitch_st": ("st", 2.0, 1.0),
    "rate_ratio": ("×", 0.15, 1.0),
    "range_ratio": ("×", 0.4, 0.5),
    "pause_ratio": ("×", 0.6, 0.5),
    "energy_db": ("dB", 4.0, 0.5),
}
TECHNICAL_TOLERANCE = {
    "clipping": 0.1,
    "level": 6.0,
    "noise": 10.0,
    "cut_start": 0.05,
    "cut_end": 0.05,
    "silence": 2.0,
    "duration": 0.5,
    "length": 1.5,
}


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A speaker's neutral voice: means over the neutral takes, None if unknown."""

    pitch_hz: float | None = None
    pitch_range_st: float | None = None
    speech_rate: float | None = None
    pause_ratio: float | None = None
    loudness_lufs: float | None = None

    @classmethod
    def of(cls, takes: Sequence[Prosody]) -> Baseline | None:
        """Average the prosody of neutral takes; None if there are no takes."""
        if not takes:
            return None
        return cls(
            pitch_hz=_mean([take.pitch_median_hz for take in takes]),
            pitch_range_st=_mean([take.pitch_range_st for take in takes]),
            speech_rate=_mean([take.speech_rate for take in takes]),
            pause_ratio=_mean([take.pause_ratio for take in takes]),
            loudness_lufs=_mean([take.loudness_lufs for take in takes]),
        )


@dataclass(frozen=True)
class Part:
    """One measure, its band and its score.

    Attributes
    ----------
    code : str
        Code of the check, or key of the profile.
    kind : str
        `technical` or `style`.
    value, unit
        The measure; for `style`, relative to the speaker's neutral voice.
    limit : (low, high)
        The band; None if unbounded.
    score : float
        0-1: 1 within the band, decreasing outside it.
    """

    code: str
    kind: str
    value: float
    unit: str
    limit: Limit
    score: float


@dataclass(frozen=True)
class Quality:
    """The quality of a take.

    Attributes
    ----------
    score : float
        `technical` × `style`, or `technical` alone if no style part could be scored, 0-1.
    technical : float
        Product of the technical parts' scores, 0-1.
    style : float or None
        Weighted mean of the style parts' scores, 0-1; None without a baseline.
    parts : tuple of Part
        All scored parts.
    missing : tuple of str
        Profile keys that could not be scored: the speaker's neutral voice is not known yet.
    """

    score: float
    technical: float
    style: float | None
    parts: tuple[Part, ...]
    missing: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        data = asdict(self)
        data["parts"] = [{**part, "limit": list(part["limit"])} for part in data["parts"]]
        return {**data, "missing": list(self.missing)}


def quality(
    prosody: Prosody, checks: Sequence[Check], profile: Profile, baseline: Baseline | None
) -> Quality:
    """Score a take against the profile of its style.

    Parameters
    ----------
    prosody : Prosody
        Prosody of the take.
    checks : sequence of Check
        Technical checks of the take; failed ones lower the score.
    profile : mapping of str to (low, high)
        Bands relative to the speaker's neutral voice: `pitch_st`, difference of the median F0 in
        semitones; `rate_ratio`, `range_ratio` and `pause_ratio`, ratios; `energy_db`, difference
        of loudness.
    baseline : Baseline or None
        The speaker's neutral voice.

    Raises
    ------
    ValueError
        If the profile has an unknown key or a band that is not low ≤ high, naming it.
    """
    technical_parts = [_technical(check) for check in checks]
    values = _relative(prosody, baseline) if baseline else {}
    bands = {key: _band(key, band) for key, band in profile.items()}
    style_parts = [
        style_part(key, values[key], band) for key, band in bands.items() if key in values
    ]
    technical = round(math.prod(part.score for part in technical_parts), 4)
    style = round(_weighted(style_parts), 4) if style_parts else None
    return Quality(
        score=round(technical * (1.0 if style is None else style), 4),
        technical=technical,
        style=style,
        parts=(*technical_parts, *style_parts),
        missing=tuple(key for key in bands if key not in values),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _band(key: str, band: Sequence[float]) -> tuple[float, float]:
    if key not in STYLE_PARTS:
        raise ValueError(f"profile: unknown key {key!r}; known are {', '.join(STYLE_PARTS)}.")
    low, high = band
    if not low <= high:
        raise ValueError(f"profile: {key} must be [low, high], not {list(band)}.")
    return float(low), float(high)


def _relative(take: Prosody, neutral: Baseline) -> dict[str, float]:
    """Return the profile's measures relative to the neutral voice, if both are known."""
    values: dict[str, float] = {}
    if take.pitch_median_hz and neutral.pitch_hz:
        values["pitch_st"] = to_st(take.pitch_median_hz, neutral.pitch_hz)
    if take.speech_rate and neutral.speech_rate:
        values["rate_ratio"] = take.speech_rate / neutral.speech_rate
    if take.pitch_range_st is not None and neutral.pitch_range_st:
        values["range_ratio"] = take.pitch_range_st / neutral.pitch_range_st
    if neutral.pause_ratio is not None:
        values["pause_ratio"] = (take.pause_ratio + PAUSE_OFFSET) / (
            neutral.pause_ratio + PAUSE_OFFSET
        )
    if neutral.loudness_lufs is not None:
        values["energy_db"] = take.loudness_lufs - neutral.loudness_lufs
    return values


def _technical(check: Check) -> Part:
    score = _falloff(check.value, check.limit, TECHNICAL_TOLERANCE[check.code])
    return Part(check.code, "technical", check.value, check.unit, check.limit, score)


def style_part(key: str, value: float, band: tuple[float, float]) -> Part:
    """Score a measure of `STYLE_PARTS`, relative to the neutral voice, against its band."""
    unit, tolerance, _ = STYLE_PARTS[key]
    return Part(key, "style", round(value, 4), unit, band, _falloff(value, band, tolerance))


def _falloff(value: float, limit: Limit, tolerance: float) -> float:
    """Return 1 within the limit, 2^-(distance / tolerance)² outside it."""
    low, high = limit
    under = 0.0 if low is None else low - value
    over = 0.0 if high is None else value - high
    return round(2.0 ** -((max(0.0, under, over) / tolerance) ** 2), 4)


def _weighted(parts: Sequence[Part]) -> float:
    weights = [STYLE_PARTS[part.code][2] for part in parts]
    return math.fsum(
        weight * part.score for weight, part in zip(weights, parts, strict=True)
    ) / sum(weights)
