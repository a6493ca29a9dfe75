"""How thorough a search is: three presets, their steps, and the time they take here."""

from dataclasses import dataclass

from distillation.engines import STUDENTS
from distillation.models import StyleRun
from distillation.recipe import CORRECTIONS, GRADIENT
from distillation.recipe_builder import default_steps
from distillation.services.recovery import processes_there

QUICK, NORMAL, THOROUGH = "quick", "normal", "thorough"
# Of the steps a strategy takes by default; the demonstration takes 37 of 54.
SHARES = {QUICK: 0.25, NORMAL: 1.0, THOROUGH: 2.5}


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How long a search takes on this machine, and from what that was reckoned.

    Attributes
    ----------
    steps : int
        Of each style's search; a style that begins from the run's speaker takes fewer.
    seconds : float
        Of all searches.
    pace_s : float
        Seconds for one candidate.
    run : int or None
        The run in which the pace was measured; None if no search with the student ended here, and
        the pace is the engine's own figure, of two processor cores.
    workers : int
        How many processes share the styles.
    """

    steps: int
    seconds: float
    pace_s: float
    run: int | None
    workers: int


def preset_steps(preset: str, *, student: str, strategy: str = "") -> int:
    """Return the steps of each style's search."""
    usual = default_steps(strategy or STUDENTS[student].strategy)
    return max(1, round(usual * SHARES.get(preset, SHARES[NORMAL])))


def search_estimate(
    *, styles: int, steps: int, student: str, strategy: str = "", minutes: float = 0.0
) -> Estimate:
    """Return how long the searches of a run take here; `minutes` limits each, 0 does not."""
    measured = StyleRun.objects.paces().get(student)
    pace, run = measured or (STUDENTS[student].pace_s, None)
    workers = max(1, min(processes_there(), styles))
    speaker = (strategy or STUDENTS[student].strategy) == GRADIENT
    longest = 60 * minutes if minutes else float("inf")
    each = [steps] + [1 + CORRECTIONS if speaker else steps] * (styles - 1)
    total = sum(min(pace * one, longest) for one in each)
    return Estimate(
        steps=steps,
        seconds=total if speaker else total / workers,
        pace_s=pace,
        run=run,
        workers=1 if speaker else workers,
    )
