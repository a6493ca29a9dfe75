"""The curve of a search: its improvements, its milestones, and what others may read of it."""

from __future__ import annotations

from distillation.engines.base import Student
from distillation.recipe import RunRecipe
from distillation.scoring import Score
from distillation.search import Array
from distillation.stages import search_progress
from distillation.stages.checkpoint import Checkpoint, Point
from distillation.stages.search_progress import Progress, may_end_early, why_stopped
from distillation.voicepack import VoicePack


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
        The code of the rule that ended the search (`search_progress.REASONS`); empty until then.
    best, best_score : VoicePack, Score
        None until the first base voice is scored.
    start, start_name, start_score : VoicePack, str, Score
        None and "" until the start is chosen; a blend is named ``a+b@0.25``.
    points : list of Point
        The start and every improvement.
    trace : list of (float, float)
        Seconds of search and diversity at each point.
    diversity : float
        How far the latest candidates were from the best (`search_progress.Diversity`).
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
    wanted = search_progress.wanted(state.step, steps, open_ended=open_ended)
    if state.stopped or state.step in wanted:
        state.kept[improved] = state.best
    needed = set(milestones(state, steps).values())
    if not state.stopped:
        every = _improved(state)
        needed |= {search_progress.best_at(step, every) for step in wanted}
    state.kept = {step: pack for step, pack in state.kept.items() if step in needed}


def milestones(state: Checkpoint, steps: int) -> dict[int, int]:
    """Return the milestone steps, each with the step of the improvement that was best there."""
    improved = _improved(state)
    if state.stopped:
        return search_progress.chosen(state.step, improved, state.kept)
    reached = [mark for mark in search_progress.marks(steps) if mark <= state.step]
    return {mark: search_progress.best_at(mark, improved) for mark in reached if improved}


def _improved(state: Checkpoint) -> list[int]:
    return [point.step for point in state.points]
