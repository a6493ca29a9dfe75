"""The curve of a search: its improvements, and which packs are kept as milestones."""

from __future__ import annotations

from distillation.recipe import RunRecipe
from distillation.scoring import Score
from distillation.stages import search_progress
from distillation.stages.checkpoint import Checkpoint, Point
from distillation.stages.search_progress import Progress, may_end_early, why_stopped


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
