"""The checks of a validated voice: what each measures, its threshold and its message.

To add a check, write a function like these in its own module and add a line to `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from distillation.recipe import THRESHOLDS

if TYPE_CHECKING:  # both reach scipy, which the web process that builds recipes does not load
    from distillation.scoring import Score
    from distillation.stages.naturalness import Naturalness

NATURALNESS_LOSS = "naturalness_loss"
STYLE_DIRECTION, ONE_SPEAKER = "style_direction", "one_speaker"
COMPARED: Mapping[str, float] = {STYLE_DIRECTION: 0.5, ONE_SPEAKER: 0.80}  # `compared_checks`
NOT_INSTALLED = (
    "naturalness: not checked, because DistillMOS is not installed where this was validated; "
    "`make .venv` installs it (pip install --no-deps distillmos xls-r-sqa)."
)


@dataclass(frozen=True, kw_only=True)
class Check:
    """Result of one check: the measured value, its threshold, and a sentence stating both.

    `value` and `threshold` are None if the check could not be made; it then does not pass, and
    `reason` says what to do.
    """

    name: str
    value: float | None
    threshold: float | None
    passed: bool
    reason: str


class Measured(Protocol):
    """What a check may use: the evolved voice over the held-out sentences."""

    @property
    def score(self) -> Score: ...

    @property
    def durations_s(self) -> tuple[float, ...]: ...


@dataclass(frozen=True)
class CheckRule:
    """A check and its threshold in new recipes.

    Attributes
    ----------
    threshold : float
        A recipe without it, written before the check existed, skips the check.
    check : callable
        Maps (measured voice, naturalness or None, threshold) to a Check.
    """

    threshold: float
    check: Callable[[Measured, Naturalness | None, float], Check]


def at_least(name: str, value: float, threshold: float, what: str) -> Check:
    """Return a check that a value reaches its threshold."""
    passed = bool(value >= threshold)
    verb = "reaches" if passed else "is under"
    return Check(
        name=name,
        value=value,
        threshold=threshold,
        passed=passed,
        reason=f"{what}: {value:.3f} {verb} {threshold:.2f}.",
    )


def checked(
    voice: Measured, naturalness: Naturalness | None, thresholds: Mapping[str, float]
) -> tuple[Check, ...]:
    """Return the checks that have a threshold in the recipe, in the order of `CHECKS`."""
    return tuple(
        rule.check(voice, naturalness, thresholds[name])
        for name, rule in CHECKS.items()
        if name in thresholds
    )


def default_thresholds() -> dict[str, float]:
    """Return the thresholds of a new recipe: of the checks and of what compares styles."""
    return {**THRESHOLDS, **{name: rule.threshold for name, rule in CHECKS.items()}, **COMPARED}


def _target_similarity(voice: Measured, _natural: Naturalness | None, threshold: float) -> Check:
    what = "similarity to the target clip"
    return at_least("target_similarity", voice.score.target, threshold, what)


def _self_similarity(voice: Measured, _natural: Naturalness | None, threshold: float) -> Check:
    what = "similarity of the voice over the sentences"
    return at_least("self_similarity", voice.score.self_, threshold, what)


def _min_duration_s(voice: Measured, _natural: Naturalness | None, threshold: float) -> Check:
    shortest_s = min(voice.durations_s)
    return at_least("min_duration_s", shortest_s, threshold, "shortest sentence, seconds")


def _naturalness_loss(_voice: Measured, natural: Naturalness | None, loss: float) -> Check:
    """Check that the evolved voice is at most `loss` less natural than the best base voice."""
    if natural is None:
        return Check(
            name="naturalness", value=None, threshold=None, passed=False, reason=NOT_INSTALLED
        )
    best = natural.best_base.mean
    what = f"naturalness (1-5), at most {loss:.2f} under the best base voice's {best:.2f}"
    return at_least("naturalness", natural.evolved.mean, best - loss, what)


CHECKS: dict[str, CheckRule] = {
    "target_similarity": CheckRule(THRESHOLDS["target_similarity"], _target_similarity),
    "self_similarity": CheckRule(THRESHOLDS["self_similarity"], _self_similarity),
    "min_duration_s": CheckRule(THRESHOLDS["min_duration_s"], _min_duration_s),
    NATURALNESS_LOSS: CheckRule(THRESHOLDS[NATURALNESS_LOSS], _naturalness_loss),
}
