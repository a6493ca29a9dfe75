"""The measures of a style, and a test of whether styles differ in them by more than chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from scipy.special import fdtrc

from corpus.audio.prosody import Prosody
from corpus.audio.types import Audio

Measure = Callable[[Audio, Prosody], float | None]  # None if it cannot be measured

SIGNIFICANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Axis:
    """How far apart the styles are in one prosody measure.

    Attributes
    ----------
    name : str
        One of `MEASURES`.
    style_means : tuple of float or None
        Mean over the sentences, one for each style; None if a value is missing.
    variation : float or None
        Coefficient of variation of the style means: population standard deviation (divisor n)
        over mean.
    between, within : float or None
        Spread between styles, and within them after removing the differences between sentences:
        square roots of the two mean squares of the two-way analysis of variance.
    p : float or None
        Probability of a between-style spread this large if the styles were equal (F test).
    """

    name: str
    style_means: tuple[float | None, ...]
    variation: float | None = None
    between: float | None = None
    within: float | None = None
    p: float | None = None

    @property
    def counts(self) -> bool:
        """Whether the spread between styles is significant against that between sentences."""
        return self.p is not None and self.p < SIGNIFICANCE


@dataclass(frozen=True, kw_only=True)
class Differentiation:
    """The check across all styles; `value` is a coefficient of variation."""

    axes: tuple[Axis, ...]
    value: float
    threshold: float
    passed: bool
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        data = asdict(self)
        data["axes"] = {axis.name: _plain(axis) for axis in self.axes}
        return data


def differentiation(
    figures: Mapping[str, Sequence[Sequence[float | None]]], threshold: float
) -> Differentiation:
    """Test whether the styles differ in at least one prosody axis.

    Parameters
    ----------
    figures : mapping of axis to (styles, sentences)
        Every style speaks the same sentences in the same order.
    threshold : float
        Minimum coefficient of variation, 0.05 for 5 %.

    Returns
    -------
    Differentiation
        `value` is the largest coefficient of variation among the axes on which the F test finds
        that styles differ by more than chance (p < 0.05); 0 if there is none. It passes above the
        threshold. A single style passes: there is nothing to differ from.
    """
    axes = tuple(_axis(name, rows) for name, rows in figures.items())
    styles = len(next(iter(figures.values())))
    value = max((axis.variation or 0.0 for axis in axes if axis.counts), default=0.0)
    passed = styles < 2 or value > threshold
    return Differentiation(
        axes=axes,
        value=value,
        threshold=threshold,
        passed=passed,
        reason=_reason(styles, value, threshold),
    )


def _plain(axis: Axis) -> dict[str, Any]:
    return asdict(axis) | {"style_means": list(axis.style_means), "counts": axis.counts}


def _axis(name: str, rows: Sequence[Sequence[float | None]]) -> Axis:
    table = np.array(rows, dtype=np.float64)  # None becomes NaN
    means = table.mean(axis=1)
    shown = tuple(None if np.isnan(mean) else float(mean) for mean in means)
    styles, sentences = table.shape
    if styles < 2 or sentences < 2 or not np.isfinite(means).all() or means.mean() <= 0:
        return Axis(name=name, style_means=shown)
    rest = table - means[:, None] - table.mean(axis=0) + table.mean()
    between = sentences * float(means.var(ddof=1))
    within = float(np.sum(rest**2)) / ((styles - 1) * (sentences - 1))
    freedom = (styles - 1, (styles - 1) * (sentences - 1))
    ratio = between / max(within, 1e-12 * float(table.mean()) ** 2)
    return Axis(
        name=name,
        style_means=shown,
        variation=float(means.std() / means.mean()),
        between=float(np.sqrt(between)),
        within=float(np.sqrt(within)),
        p=float(fdtrc(*freedom, ratio)),
    )


def _reason(styles: int, value: float, threshold: float) -> str:
    if styles < 2:
        return "one style: nothing to differ from."
    if value == 0.0:
        return "the styles differ by no more than one style does between sentences."
    verb = "is over" if value > threshold else "is not over"
    return f"coefficient of variation between styles: {value:.1%} {verb} {threshold:.0%}."


def _of_prosody(name: str) -> Measure:
    value = attrgetter(name)
    return lambda _audio, prosody: value(prosody)


MEASURES: dict[str, Measure] = {
    "pitch_mean_hz": _of_prosody("pitch_mean_hz"),
    "energy_std": _of_prosody("energy_std"),
    "speech_rate": _of_prosody("speech_rate"),
}


def measured(audio: Audio, prosody: Prosody) -> Mapping[str, float | None]:
    """Return every measure of one sentence."""
    return {name: measure(audio, prosody) for name, measure in MEASURES.items()}
