"""Figures of a style's report, prepared for text and drawings; older reports have fewer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from statistics import geometric_mean
from typing import Any

from distillation.wording import difference_words

Report = Mapping[str, Any]
REFERENCE_HZ = 55.0  # 0 semitones of `target_figures`
DIGITS = {"target": 3, "self": 3, "second_measure": 3}  # decimals of a measure; 2 for all others
# Smallest ranges of the drawings of differences, so that the reports of runs can be compared.
MIN_LIMITS = {"pitch": 4.0, "range": log(1.5), "rate": log(1.25)}
PROSODY = {"pitch": "pitch_median_hz", "range": "pitch_range_st", "rate": "articulation_rate"}


@dataclass(frozen=True)
class Change:
    """A measure of a style before and after; None if unknown."""

    name: str
    before: float | None
    after: float | None
    one_sentence_decides: bool = False  # it is no loss without one of the sentences

    @property
    def digits(self) -> int:
        return DIGITS.get(self.name, 2)


@dataclass(frozen=True)
class Mark:
    """A similarity from 0 to 1, with its confidence interval if there is one."""

    kind: str
    value: float
    low: float | None = None
    high: float | None = None
    voice: str = ""


@dataclass(frozen=True)
class Axis:
    """How a style differs from neutral on one axis: as text, and as percentages of the drawing."""

    name: str
    evolved: str
    target: str
    asked: bool
    share: float | None  # percent of the target's difference; None if no difference is wanted
    bar_x: str
    bar_width: str
    band_x: str
    band_width: str
    target_x: str


@dataclass(frozen=True)
class Prosody:
    """Pitch, pitch range or rate: of the target, and of the voice before and after."""

    name: str
    target: float
    before: float | None
    after: float | None


def worsened(style: Report) -> list[Change]:
    """Return the measures that are worse than the start's on held-out sentences."""
    return [
        Change(
            name,
            _measure(style, "start", name),
            _measure(style, "evolved", name),
            one_sentence_decides=bool((style.get(name) or {}).get("one_sentence_decides")),
        )
        for name in style.get("worse", ())
    ]


def marks(style: Report) -> list[Mark]:
    """Return the similarities to a style's target, from other speakers' up to the ceiling."""
    found = style.get("similarity") or {}
    impostors, ceiling = found.get("impostors"), found.get("ceiling")
    shown = []
    if impostors:
        shown.append(Mark("impostors", impostors["mean"]))
        shown.append(Mark("nearest", impostors["best"], voice=impostors["voice"]))
    for kind in ("best_base", "start", "deployed", "evolved"):
        if one := found.get(kind):
            shown.append(Mark(kind, one["mean"], one["low"], one["high"]))
    return shown if ceiling is None else [*shown, Mark("ceiling", ceiling)]


def directions(styles: Mapping[str, Report]) -> dict[str, list[Axis]]:
    """Return each style's differences from neutral, with the same scales for all styles."""
    known = {key: style["direction"] for key, style in styles.items() if style.get("direction")}
    return {
        key: [_axis(name, one, _limit(name, known.values())) for name, one in axes.items()]
        for key, axes in known.items()
    }


def prosody(style: Report) -> list[Prosody]:
    """Return the prosody of the target and of the voice, mean over held-out sentences."""
    figures = style.get("target_figures")
    if not figures:
        return []
    pitch_st, range_st, rate = figures
    wanted = {"pitch": REFERENCE_HZ * 2 ** (pitch_st / 12), "range": range_st, "rate": rate}
    return [
        Prosody(name, target, *(_mean_prosody(style[kind], name) for kind in ("start", "evolved")))
        for name, target in wanted.items()
    ]


def _measure(style: Report, kind: str, name: str) -> float | None:
    """Return a part of the score, or the mean of a measure that the report lists separately."""
    score = style[kind]["score"]
    if name in score:
        return float(score[name])
    mean = ((style.get(name) or {}).get(kind) or {}).get("mean")
    return None if mean is None else float(mean)


def _limit(name: str, styles: Iterable[Report]) -> float:
    figures = ("target", "evolved", "spread")
    found = [abs(axes[name][one]) for axes in styles if name in axes for one in figures]
    return max(MIN_LIMITS.get(name, 0.0), *found)


def _axis(name: str, one: Report, limit: float) -> Axis:
    def place(value: float) -> float:
        return 50 + 50 * value / limit

    voice, target, spread = place(one["evolved"]), place(one["target"]), abs(one["spread"])
    return Axis(
        name=name,
        evolved=difference_words(name, one["evolved"]),
        target=difference_words(name, one["target"]),
        asked=one["asked"],
        share=100 * one["evolved"] / one["target"] if one["asked"] else None,
        bar_x=_percent(min(50, voice)),
        bar_width=_percent(abs(voice - 50)),
        band_x=_percent(place(-spread)),
        band_width=_percent(100 * spread / limit),
        target_x=_percent(target),
    )


def _mean_prosody(voice: Report, name: str) -> float | None:
    found = [one.get(PROSODY[name]) for one in voice["prosody"]]
    known = [value for value in found if value]
    return geometric_mean(known) if known else None


def _percent(value: float) -> str:
    return f"{value:.2f}%"
