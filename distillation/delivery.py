"""Delivery: speed, gain and pitch range a deployed voice speaks with, and how they are fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Self

from corpus.audio.loudness import GATE_LUFS

SPEEDS = (0.8, 1.25)  # beyond, a voice that is stretched sounds like another speaker
GAINS_DB = (-12.0, 12.0)
PITCH_RANGES = (0.6, 1.5)  # as far as it was tried on Kokoro


LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"speed": SPEEDS, "gain_db": GAINS_DB, "pitch_range": PITCH_RANGES}
)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What the speech service does to a voice beyond its pack; nothing by default.

    Attributes
    ----------
    speed : float
        Factor on the student's speed, 0.8-1.25.
    gain_db : float
        Gain on its samples, -12 to +12 dB; `corpus.audio.loudness.amplify` limits the peaks.
    pitch_range : float
        Factor on the intervals of its F0 from the median (`VoicePack.pitch_range`), 0.6-1.5.

    Raises
    ------
    ValueError
        A figure is outside its range or no number; the message names it.
    """

    speed: float = 1.0
    gain_db: float = 0.0
    pitch_range: float = 1.0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name}: a number wanted, not {value!r}")
            if not low <= value <= high:
                raise ValueError(f"{name}: {low:g} to {high:g} wanted, not {value!r}")

    @property
    def is_plain(self) -> bool:
        """Whether it changes nothing."""
        return self == PLAIN

    @classmethod
    def clamped(cls, **figures: float) -> Self:
        """Return the nearest delivery within the limits, rounded to 0.001 (0.01 dB)."""
        within = {name: min(max(figures[name], low), high) for name, (low, high) in LIMITS.items()}
        return cls(
            **{name: round(one, 2 if name == "gain_db" else 3) for name, one in within.items()}
        )

    def to_json(self) -> dict[str, float]:
        """Return plain JSON types for `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Build from `to_json`, also with more keys beside; an absent figure is the default.

        Raises
        ------
        ValueError
            It is no JSON object, or a figure is wrong.
        """
        if not isinstance(data, Mapping):
            raise ValueError(f"an object wanted, not {data!r}")
        return cls(**{name: data[name] for name in LIMITS if name in data})


PLAIN = Delivery()


def fitted_in(report: Mapping[str, Any]) -> Delivery | None:
    """Return the delivery in a style's report; None if none was fitted, as in reports of before.

    Raises
    ------
    ValueError
        Its `delivery` is damaged.
    """
    data = report.get("delivery")
    return None if data is None else Delivery.from_json(data)


def fit_delivery(
    spoken_rates: Sequence[float | None],
    spoken_lufs: Sequence[float],
    target_rate: float | None,
    target_lufs: float | None,
    *,
    spoken_range_st: float | None = None,
    target_range_st: float | None = None,
) -> Delivery:
    """Fit speed, gain and pitch range so that a voice's means are the target's.

    A student's rate is proportional to its speed, the range of its pitch to the factor on it, and a
    gain adds to the loudness, so all follow from the means. Fit on the sentences of the search;
    whether it holds is for the held-out ones.

    Parameters
    ----------
    spoken_rates : sequence of float or None
        Of each sentence as the voice says it at speed 1, syllables per second of speech without
        pauses and without the silence at the edges (`Prosody.articulation_rate`); None is left out.
    spoken_lufs : sequence of float
        Integrated loudness of each sentence, LUFS; what is under the gate of -70 is left out.
    target_rate : float or None
        Measured in the same way; None if the target's text is unknown: the speed stays 1.
    target_lufs : float or None
        Measured in the same way; None or under the gate: the gain stays 0 dB.
    spoken_range_st, target_range_st : float or None
        Range of the pitch over all sentences (`ProsodyFigures.range_st`), semitones; without both
        the pitch range stays 1.

    Returns
    -------
    Delivery
        Within its limits, rounded. The gain is not reduced for peaks: `amplify` limits these.
    """
    rates = [rate for rate in spoken_rates if rate]
    levels = [lufs for lufs in spoken_lufs if lufs > GATE_LUFS]
    speed, gain_db, pitch_range = 1.0, 0.0, 1.0
    if target_rate and rates:
        speed = target_rate / _mean(rates)
    if target_lufs is not None and target_lufs > GATE_LUFS and levels:
        gain_db = target_lufs - _mean(levels)
    if target_range_st and spoken_range_st:
        pitch_range = target_range_st / spoken_range_st
    return Delivery.clamped(speed=speed, gain_db=gain_db, pitch_range=pitch_range)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
