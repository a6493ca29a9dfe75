"""The checks of a validated voice: what each measures, what it asks for, and what it says.

A new check is a function like these in a module of its own and a line in `CHECKS`.
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
NOT_INSTALLED = (
    "naturalness: not checked, because DistillMOS is not installed where this was validated; "
    "`make .venv` installs it (pip install --no-deps distillmos xls-r-sqa)."
)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One threshold: what was measured, what is asked, and a sentence that says so.

    `value` and `threshold` are None where the check could not be made; then it is not passed,
    and `reason` says what to do.
    """

    name: str
    value: float | None
    threshold: float | None
    passed: bool
    reason: str


class Measured(Protocol):
    """What a check may look at: the evolved voice over the held-out sentences."""

    @property
    def score(self) -> Score: ...

    @property
    def durations_s(self) -> tuple[float, ...]: ...


@dataclass(frozen=True)
class CheckRule:
    """A check and the threshold a new recipe has for it.

    Attributes
    ----------
    threshold : float
        A recipe that lacks it, of before there was the check, is not asked for it.
    check : callable
        (measured voice, naturalness or None, threshold) to a Check.
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
    """Return the checks that a recipe's thresholds ask for, in the order of `CHECKS`."""
    return tuple(
        rule.check(voice, naturalness, thresholds[name])
        for name, rule in CHECKS.items()
        if name in thresholds
    )


def default_thresholds() -> dict[str, float]:
    """Return the thresholds of a new recipe: those of the checks, and of the styles' difference."""
    return {**THRESHOLDS, **{name: rule.threshold for name, rule in CHECKS.items()}}


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
    """Ask that the evolved voice be at most so much less natural than the best base voice."""
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
