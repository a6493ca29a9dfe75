"""Technical checks of a take: clipping, level, noise, cut edges, silence, length."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.audio import timing
from corpus.audio.loudness import HOP_S, frame_rms, integrated_lufs
from corpus.audio.types import Audio, Samples
from corpus.audio.units import FLOOR_DB, to_db

Limit = tuple[float | None, float | None]

MAX_CLIPPED = 1e-4  # share of samples
LEVEL_LUFS = (-40.0, -12.0)
MIN_SNR_DB = 20.0
MIN_MARGIN_S = 0.05  # before and after the speech
MAX_SILENCE_S = 2.0
MIN_SPEECH_S = 1.0  # the minimum for a speaker encoder
SYLLABLES_PER_S = (1.8, 9.0)  # slowest and fastest reading of a known text
_FLAT_RUN = 3  # samples
_LSB = 2.0**-15
_ROUND_STEPS = 10  # 9, and one for rounding
_FEWEST_PLATEAUS = 3
_GUARD_FRAMES = 5  # on both sides of speech, excluded from the room noise
_FEW_FRAMES = 10


@dataclass(frozen=True)
class Check:
    """One technical property of a take.

    Attributes
    ----------
    code : str
        Stable: `clipping level noise cut_start cut_end silence duration length`.
    ok : bool
        Whether the value is within the limit.
    value : float
        The measured value.
    unit : str
        Its unit: `%`, `LUFS`, `dB`, `s` or `syllables/s`.
    limit : (low, high)
        Inclusive bounds; None if unbounded.
    message : str
        What it means and, if not ok, what to do. English; callers translate by code.
    """

    code: str
    ok: bool
    value: float
    unit: str
    limit: Limit
    message: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {**asdict(self), "limit": list(self.limit)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Check:
        """Build a check from the output of `to_json`."""
        low, high = data["limit"]
        return cls(**{**data, "limit": (low, high)})


_ADVICE = {
    "clipping": "The microphone is overdriven: move further away from it.",
    "level": "Speak louder, nearer to the microphone; if it is too loud, move further away.",
    "noise": "The room is too loud: close the window, switch off fans.",
    "cut_start": "The beginning is cut off: wait half a second before speaking.",
    "cut_end": "The end is cut off: wait half a second before stopping.",
    "silence": "There is a long silence at the beginning or end: trim it or record again.",
    "duration": "There is too little speech to judge the voice: record the whole sentence.",
    "length": "The length does not fit the text: check that all of it, and only it, was read.",
}


def take_checks(audio: Audio, *, syllables: int | None = None) -> list[Check]:
    """Run the technical checks on a take.

    Parameters
    ----------
    audio : Audio
        The take as recorded, not normalised.
    syllables : int, optional
        Syllables of the text; without it the check `length` is omitted.

    Returns
    -------
    list of Check
        All checks, ok or not, in a fixed order.
    """
    spoken = timing.find(audio)
    checks = [
        _check("clipping", 100 * clipped_share(audio), "%", (None, 100 * MAX_CLIPPED)),
        _check("level", max(FLOOR_DB, integrated_lufs(audio)), "LUFS", LEVEL_LUFS),
        _check("noise", snr_db(audio, spoken), "dB", (MIN_SNR_DB, None)),
        _check("cut_start", spoken.start_s, "s", (MIN_MARGIN_S, None)),
        _check("cut_end", spoken.trail_s, "s", (MIN_MARGIN_S, None)),
        _check("silence", max(spoken.start_s, spoken.trail_s), "s", (None, MAX_SILENCE_S)),
        _check("duration", spoken.speech_s, "s", (MIN_SPEECH_S, None)),
    ]
    if syllables is not None:
        rate = spoken.speech_rate(syllables) or 0.0
        checks.append(_check("length", rate, "syllables/s", SYLLABLES_PER_S))
    return checks


def _check(code: str, value: float, unit: str, limit: Limit) -> Check:
    value = round(value, 4)
    low, high = limit
    ok = (low is None or value >= low) and (high is None or value <= high)
    return Check(code, ok, value, unit, limit, "Fine." if ok else _ADVICE[code])


def clipped_share(audio: Audio) -> float:
    """Return the share of clipped samples, 0-1.

    A sample is clipped if it exceeds full scale (as in lossy files of clipped audio), or lies in
    a flat top: three or more neighbours equal to 16-bit precision within 10 % of the peak. Below
    half scale, as after turning clipped audio down, the round tops of quiet sound are also equal
    to that precision; there flat tops count that begin and end steeply (`_plateaus`).
    """
    magnitude = np.abs(audio.y)
    peak = float(magnitude.max())
    over = magnitude > 1.0 + _LSB
    if peak < 0.5:
        return (_plateaus(audio.y) + _plateaus(-audio.y)) / len(magnitude)
    same = (magnitude[1:] >= 0.9 * peak) & (np.abs(np.diff(audio.y)) < 0.5 * _LSB)
    starts, ends = _runs(same)
    lengths = ends - starts + 1
    flat = int(lengths[lengths >= _FLAT_RUN].sum())
    return (flat + int(over.sum())) / len(magnitude)


def _plateaus(y: Samples) -> int:
    """Count the samples in flat tops at the maximum, if it has three or more flat tops.

    A round top that is flat to one step over a length L has fallen by less than 9 steps another L
    to either side (a parabola: (L/2 + L)² / (L/2)² = 9); a cut one falls by its slope times L.
    """
    top = float(y.max(initial=0.0))
    starts, ends = _runs(y >= top - 0.75 * _LSB)
    lengths = ends - starts
    inside = (lengths >= _FLAT_RUN) & (starts >= lengths) & (ends + lengths <= len(y))
    starts, ends, lengths = starts[inside], ends[inside], lengths[inside]
    sides = np.maximum(y[starts - lengths], y[ends + lengths - 1])
    cut = lengths[sides < top - _ROUND_STEPS * _LSB]
    return int(cut.sum()) if len(cut) >= _FEWEST_PLATEAUS else 0


def _runs(flags: NDArray[np.bool_]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the first index of every run of True, and the index after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2]


def snr_db(audio: Audio, spoken: timing.Timing) -> float:
    """Return the signal-to-noise ratio of speech to room noise, dB, at most 120.

    The room noise is the median of the frames at least 50 ms away from speech, or the 5th
    percentile of all frames if fewer than ten remain.
    """
    power = frame_rms(audio) ** 2
    speech, room = np.zeros(len(power), bool), np.ones(len(power), bool)
    for start_s, end_s in spoken.sounding:
        start, end = round(start_s / HOP_S), round(end_s / HOP_S)
        speech[start:end] = True
        room[max(0, start - _GUARD_FRAMES) : end + _GUARD_FRAMES] = False
    if not speech.any():
        return 0.0
    few = room.sum() < _FEW_FRAMES
    floor = np.percentile(power, 5) if few else np.median(power[room])
    signal = to_db(float(np.sqrt(power[speech].mean())))
    return min(-FLOOR_DB, signal - to_db(float(np.sqrt(floor))))
