"""When a search ends: by its steps, its minutes, the score it was to reach, or stagnation."""

from __future__ import annotations

from dataclasses import dataclass

from distillation.recipe import RunRecipe

GOAL, STEPS, PATIENCE, MINUTES = "goal", "steps", "patience", "minutes"
REASONS = (GOAL, STEPS, PATIENCE, MINUTES)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a search is: steps walked, the step of the best, its total, seconds spent."""

    step: int
    improved_at: int
    score: float
    seconds: float


def why_stopped(recipe: RunRecipe, at: Progress) -> str:
    """Return the code of the rule that ends the search here, empty where it goes on."""
    if recipe.goal and at.score >= recipe.goal:
        return GOAL
    if at.step >= recipe.steps:
        return STEPS
    if recipe.patience and at.step - at.improved_at >= recipe.patience:
        return PATIENCE
    if is_late(recipe, at.seconds):
        return MINUTES
    return ""


def is_late(recipe: RunRecipe, seconds: float) -> bool:
    """Whether the minutes of the search are over."""
    return 0 < 60 * recipe.minutes <= seconds


def may_end_early(recipe: RunRecipe) -> bool:
    """Whether any rule but the number of steps can end the search."""
    return bool(recipe.goal or recipe.patience or recipe.minutes)
