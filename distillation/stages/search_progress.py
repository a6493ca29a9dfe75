"""Progress of a search: its curve, milestones, diversity and stopping rules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from distillation.engines.base import Student
from distillation.recipe import RunRecipe
from distillation.scoring import Score
from distillation.search import Array
from distillation.stages.checkpoint import Checkpoint, Point
from distillation.voicepack import VoicePack

GOAL, STEPS, PATIENCE, MINUTES = "goal", "steps", "patience", "minutes"
REASONS = (GOAL, STEPS, PATIENCE, MINUTES)

SHARE = 0.1  # weight of the newest candidate in the running mean

PARTS = (0.0, 0.25, 0.5, 1.0)
RATIO = 2**0.25  # between neighbouring grid steps: a part is met within 9 % of itself


def marks(end: int) -> list[int]:
    """Return the steps at `PARTS` of a search that ends at step `end`."""
    return [round(part * end) for part in PARTS]


def wanted(step: int, steps: int, *, open_ended: bool) -> set[int]:
    """Return the steps up to `step` whose best pack must still be available at `step`.

    Parameters
    ----------
    step : int
        Current step of the search.
    steps : int
        Last possible step.
    open_ended : bool
        Whether it may end earlier. If so, also returns a geometric grid of steps with ratio
        `RATIO`, from a quarter of `step` on; earlier ones can no longer become a milestone.
    """
    kept = {mark for mark in marks(steps) if mark <= step}
    if open_ended:
        kept |= {at for at in _grid(step) if at * RATIO >= step * PARTS[1]}
    return kept


def best_at(step: int, improved: Sequence[int]) -> int:
    """Return the last improvement at or before `step`; `improved` is ascending and starts at 0."""
    return improved[bisect_right(improved, step) - 1]


def chosen(end: int, improved: Sequence[int], kept: Iterable[int]) -> dict[int, int]:
    """Map a step for each part of a search that ended at `end` to the best improvement there.

    The step is the part's own if the pack that was best there is in `kept`; otherwise the
    nearest step at which a kept pack was the best.
    """
    spans = {at: _span(at, improved, end) for at in kept}
    parts: dict[int, int] = {}
    for mark in marks(end):
        label, at = min(
            ((min(max(mark, low), high), at) for at, (low, high) in spans.items()),
            key=lambda found: (abs(found[0] - mark), found),
        )
        parts[label] = at
    return parts


def _grid(last: int) -> list[int]:
    steps: list[int] = []
    for power in count():
        at = round(RATIO**power)
        if at > last:
            return steps
        steps.append(at)
    return steps


def _span(at: int, improved: Sequence[int], end: int) -> tuple[int, int]:
    after = bisect_right(improved, at)
    return at, improved[after] - 1 if after < len(improved) else end


class Diversity:
    """Measures the diversity of candidates on the scale of the published random walk.

    There a candidate is ``best + randn_like(best) * std * diversity``, with the elementwise
    `std` over the stock voices; so ``norm(candidate - best) / norm(std)`` is the diversity of a
    candidate, whatever strategy proposed it.

    Parameters
    ----------
    stock : sequence of ndarray, shape (rows, 1, 256)
        Two voices or more.
    """

    def __init__(self, stock: Sequence[Array]) -> None:
        std = np.std(np.stack(stock), axis=0, ddof=1, dtype=np.float64)
        self._spread = float(np.linalg.norm(std))

    def of(self, candidate: Array, best: Array) -> float:
        """Return the diversity of a candidate: 0 for the best itself."""
        apart = float(np.linalg.norm(candidate.astype(np.float64) - best))
        return apart / self._spread if self._spread else 0.0

    def running(self, before: float, candidate: Array, best: Array) -> float:
        """Return the updated exponential moving average, over about the last ten candidates."""
        now = self.of(candidate, best)
        return before + SHARE * (now - before) if before else now


@dataclass(frozen=True, kw_only=True)
class Progress:
    """State of a search: steps done and allowed, step and total of the best, seconds spent."""

    steps: int
    step: int
    improved_at: int
    score: float
    seconds: float


def why_stopped(recipe: RunRecipe, at: Progress) -> str:
    """Return the code of the rule that ends the search now; empty if it continues."""
    if recipe.goal and at.score >= recipe.goal:
        return GOAL
    if at.step >= at.steps:
        return STEPS
    if recipe.patience and at.step - at.improved_at >= recipe.patience:
        return PATIENCE
    if time_is_up(recipe, at.seconds):
        return MINUTES
    return ""


def time_is_up(recipe: RunRecipe, seconds: float) -> bool:
    """Whether the search has used up its minutes."""
    return 0 < 60 * recipe.minutes <= seconds


def may_end_early(recipe: RunRecipe) -> bool:
    """Whether any rule other than the number of steps can end the search."""
    return bool(recipe.goal or recipe.patience or recipe.minutes)


class SearchView:
    """What others read of the state of a search.

    Attributes
    ----------
    step : int
        Steps done; 0 while the start is being chosen.
    texts : int
        Texts synthesized for candidates so far.
    seconds : float
        Time spent on the search so far.
    stopped : str
        The code of the rule that ended the search (`REASONS`); empty until then.
    best, best_score : VoicePack, Score
        None until the first base voice is scored.
    start, start_name, start_score : VoicePack, str, Score
        None and "" until the start is chosen; a blend is named ``a+b@0.25``.
    points : list of Point
        The start and every improvement.
    trace : list of (float, float)
        Seconds of search and diversity at each point.
    diversity : float
        How far the latest candidates were from the best (`Diversity`).
    """

    _state: Checkpoint
    _student: Student

    @property
    def step(self) -> int:
        return self._state.step

    @property
    def texts(self) -> int:
        return self._state.texts

    @property
    def seconds(self) -> float:
        return self._state.seconds

    @property
    def stopped(self) -> str:
        return self._state.stopped

    @property
    def done(self) -> bool:
        return bool(self._state.stopped)

    @property
    def best(self) -> VoicePack | None:
        return self._pack(self._state.best)

    @property
    def best_score(self) -> Score | None:
        return self._state.best_score

    @property
    def start(self) -> VoicePack | None:
        return self._pack(self._state.start)

    @property
    def start_name(self) -> str:
        return self._state.start_name if self._state.start is not None else ""

    @property
    def start_score(self) -> Score | None:
        return self._state.start_score

    @property
    def points(self) -> list[Point]:
        return list(self._state.points)

    @property
    def trace(self) -> list[tuple[float, float]]:
        return [(seconds, diversity) for seconds, diversity in self._state.trace]

    @property
    def diversity(self) -> float:
        return self._state.diversity

    def _pack(self, data: Array | None) -> VoicePack | None:
        return None if data is None else VoicePack(data, self._student.name)


def add_point(state: Checkpoint, score: Score) -> None:
    """Add an improvement at the current step."""
    state.points.append(Point.of(state.step, score))
    state.trace.append((round(state.seconds, 2), state.diversity))


def check_progress(state: Checkpoint, recipe: RunRecipe, steps: int) -> None:
    """Keep the best pack if a milestone may need it; end the search if a rule says so."""
    if state.best is None or state.best_score is None:
        return
    improved, open_ended = state.points[-1].step, may_end_early(recipe)
    at = Progress(
        step=state.step,
        improved_at=improved,
        score=state.best_score.total,
        seconds=state.seconds,
        steps=steps,
    )
    state.stopped = why_stopped(recipe, at)
    due = wanted(state.step, steps, open_ended=open_ended)
    if state.stopped or state.step in due:
        state.kept[improved] = state.best
    needed = set(milestones(state, steps).values())
    if not state.stopped:
        every = _improved(state)
        needed |= {best_at(step, every) for step in due}
    state.kept = {step: pack for step, pack in state.kept.items() if step in needed}


def milestones(state: Checkpoint, steps: int) -> dict[int, int]:
    """Return the milestone steps, each with the step of the improvement that was best there."""
    improved = _improved(state)
    if state.stopped:
        return chosen(state.step, improved, state.kept)
    reached = [mark for mark in marks(steps) if mark <= state.step]
    return {mark: best_at(mark, improved) for mark in reached if improved}


def _improved(state: Checkpoint) -> list[int]:
    return [point.step for point in state.points]
