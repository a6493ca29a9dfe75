"""Whether a style differs from neutral as its target does, in direction and by how much."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.audio.timing import MIN_PAUSE_S
from distillation.stages.checks import STYLE_DIRECTION, Check
from distillation.stages.prosody_figures import NAMES, REFERENCE_HZ, ProsodyFigures

NEUTRAL = "neutral"  # the style that the others are relative to
NO_NEUTRAL = (
    "style: not checked, because no neutral voice was validated with it to compare it with; "
    "validate the style neutral in the same run."
)


def directions(styles: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any] | None]:
    """Compare every style but the neutral with the neutral, axis by axis.

    Parameters
    ----------
    styles : mapping of str to mapping
        Style reports in JSON: `target_figures`, `delivery`, and `evolved.prosody` of each held-out
        sentence.

    Returns
    -------
    dict
        For each style but the neutral its axes (`pitch` in semitones, `range` and `rate` in
        natural logarithms), or None if it cannot be compared. The range is that of the voice with
        its delivery, since a pack hardly changes it; pitch and rate are the pack's own. An axis
        has the difference of the `target` and of the `evolved` voice from neutral, the
        `spread` between sentences (of the neutral voice, or of either target if that is larger),
        and whether it is `asked`: whether the target differs by more than the spread.
    """
    return {key: _compared(styles, key) for key in styles if key != NEUTRAL}


def confusion(styles: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Count which style's target each held-out sentence of a style is nearest to.

    Sentences and targets are compared relative to the neutral voice and the neutral target, in
    pitch, range and rate, each in its spread between sentences.

    Returns
    -------
    dict
        For each style the number of its sentences by nearest style; empty without a neutral.
    """
    axes = directions(styles)
    if not axes or any(set(one or ()) != set(NAMES) for one in axes.values()):
        return {}
    spread = {name: max(one["spread"] for one in _of(axes, name)) or 1.0 for name in NAMES}
    targets = {key: [one[name]["target"] for name in NAMES] for key, one in axes.items() if one}
    targets[NEUTRAL] = [0.0] * len(NAMES)
    plain = np.nanmean(_by_sentence(styles[NEUTRAL]), axis=0)
    scale = np.array([spread[name] for name in NAMES])
    found: dict[str, dict[str, int]] = {}
    for key, report in styles.items():
        rows = (_by_sentence(report) - plain) / scale
        nearest = [_nearest(row, targets, scale) for row in rows]
        found[key] = {one: nearest.count(one) for one in styles}
    return found


def _of(axes: Mapping[str, Any], name: str) -> list[Mapping[str, float]]:
    return [one[name] for one in axes.values()]


def _nearest(
    row: NDArray[np.float64], targets: Mapping[str, Sequence[float]], scale: NDArray[np.float64]
) -> str:
    def distance(key: str) -> float:  # over what could be measured
        return float(np.nansum(np.square(row - np.array(targets[key]) / scale)))

    return min(targets, key=distance)


def check(axes: Mapping[str, Mapping[str, float]] | None, threshold: float) -> Check:
    """Check that the voice goes at least a part of the way on every axis that is asked for.

    Parameters
    ----------
    axes : mapping or None
        From `directions`; None: the check cannot be made, and does not pass.
    threshold : float
        The part, 0.5 for half. A difference with the other sign is a negative part.
    """
    if axes is None:
        return Check(
            name=STYLE_DIRECTION, value=None, threshold=None, passed=False, reason=NO_NEUTRAL
        )
    parts = {name: one["evolved"] / one["target"] for name, one in axes.items() if one["asked"]}
    if not parts:
        reason = "style: its target differs from the neutral one on no axis; nothing was asked."
        return Check(
            name=STYLE_DIRECTION, value=1.0, threshold=threshold, passed=True, reason=reason
        )
    worst = min(parts, key=lambda name: parts[name])
    passed = parts[worst] >= threshold
    reason = (
        f"style: of the target's difference from neutral in {worst} the voice makes "
        f"{parts[worst]:.2f}; wanted {threshold:.2f} on every axis asked for ({', '.join(parts)})."
    )
    return Check(
        name=STYLE_DIRECTION,
        value=parts[worst],
        threshold=threshold,
        passed=bool(passed),
        reason=reason,
    )


def _compared(styles: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, Any] | None:
    own, neutral = styles[key], styles.get(NEUTRAL)
    if neutral is None:
        return None
    if not (own.get("target_figures") and neutral.get("target_figures")):
        return None
    wanted = _target(own, neutral) - _target(neutral, own)
    voice, plain = _by_sentence(own), _by_sentence(neutral)
    if len(voice) != len(plain) or len(plain) < 2:
        return None
    with warnings.catch_warnings():  # an axis without a single value stays NaN and is left out
        warnings.simplefilter("ignore", RuntimeWarning)
        found, spread = np.nanmean(voice - plain, axis=0), np.nanstd(plain, axis=0, ddof=1)
    spread = np.maximum(spread, _between_sentences(own, neutral))
    return {
        name: {
            "target": float(wanted[n]),
            "evolved": float(found[n]),
            "spread": float(spread[n]),
            "asked": bool(abs(wanted[n]) > spread[n]),
        }
        for n, name in enumerate(NAMES)
        if np.isfinite([wanted[n], found[n], spread[n]]).all()
    }


def _target(report: Mapping[str, Any], other: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return pitch, range and rate of a target.

    Pitch and range are means over its sentences, as those of the voices are, where both targets
    have enough of them; the rate is that of the whole target.
    """
    found = ProsodyFigures(*report["target_figures"]).vector
    if report.get("target_sentences") and other.get("target_sentences"):
        found[:2] = report["target_sentences"]["mean"]
    return found


def _between_sentences(*reports: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the larger spread of the targets between sentences, 0 where it is unknown."""
    found = [one["target_sentences"] for one in reports if one.get("target_sentences")]
    known = [one["spread"] for one in found]
    return np.array([*np.max(known, axis=0), 0.0]) if known else np.zeros(3)


def _by_sentence(report: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return pitch, range and rate of each sentence, shape (sentences, 3), NaN where unknown."""
    prosody = report["evolved"]["prosody"]
    raw = np.array(
        [
            [one.get("pitch_median_hz") or None, one.get("pitch_range_st") or None, _rate(one)]
            for one in prosody
        ],
        np.float64,
    )
    if ranges := (report.get("delivery") or {}).get("ranges_st"):
        raw[:, 1] = np.array(ranges, np.float64)
    return np.log(raw / (REFERENCE_HZ, 1.0, 1.0)) * (12 / math.log(2), 1.0, 1.0)


def _rate(prosody: Mapping[str, Any]) -> float | None:
    """Return syllables per second, a pause counted with `MIN_PAUSE_S`.

    A target's rate has no pauses, and a shorter silence counts as speech. If a whole pause were
    left out, one that a slower style draws beyond that length would make it the faster one, by a
    tenth; if all of it counted, the style would seem to differ by more than it does.
    """
    rate, count = prosody.get("articulation_rate"), prosody.get("pause_count")
    if not (rate and count):
        return rate or None
    syllables = prosody["pause_s"] / (1 / prosody["speech_rate"] - 1 / rate)
    return float(syllables / (syllables / rate + MIN_PAUSE_S * count))
