"""The end of a gradient search: the prosody of the best voice is corrected by what was measured."""

from __future__ import annotations

from distillation.engines.base import Differentiable
from distillation.recipe import RunRecipe
from distillation.search import Array
from distillation.stages.base import StageError
from distillation.stages.checkpoint import Checkpoint
from distillation.stages.evaluation import Evaluation, PruningThreshold, Task
from distillation.stages.objective import Objective
from distillation.stages.prosody_figures import ProsodyFigures
from distillation.stages.prosody_shift import ProsodyShift
from distillation.voicepack import VoicePack

TEXTS = 4  # of the gradient's sentences, besides the search texts
LOSS = 0.02  # of the objective, towards the aim, that a correction may cost


class Corrections:
    """Shifts the prosody half, each time by what the best voice still misses.

    The first candidate of a style that begins from another's speaker is that speaker as it is.
    What is not nearer to the target's prosody, or costs more than `LOSS`, is dropped,
    and the next correction makes up for half as much.

    Parameters
    ----------
    recipe : RunRecipe
    student : Differentiable
    objective : Objective
        Of the search.
    stock : sequence of VoicePack
        The base voices.
    speaker : VoicePack, optional
        Where a further style begins.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        student: Differentiable,
        objective: Objective,
        stock: list[VoicePack],
        speaker: VoicePack | None = None,
    ) -> None:
        texts = (*recipe.search_texts, *recipe.gradient_texts[:TEXTS])
        self._shift, self._speaker = ProsodyShift(student, stock, texts), speaker
        self._objective = objective

    def task(self, state: Checkpoint, aim: ProsodyFigures | None) -> Task:
        """Return the next candidate, nearer to the aim; without one nothing is corrected."""
        return Task(state.evaluations, self._candidate(state, aim), PruningThreshold())

    def is_better(
        self, state: Checkpoint, evaluation: Evaluation, aim: ProsodyFigures | None
    ) -> bool:
        """Return whether this voice is to replace the best one."""
        figures, found = state.prosody, evaluation.figures
        if self._speaker is not None and state.step == 1:
            return evaluation.score is not None
        if not (aim and figures and found and evaluation.value is not None):
            return False
        if found.error(aim) >= figures.error(aim):
            return False
        value = self._objective.with_aim(evaluation.value, found, aim)
        return state.value is None or (
            value >= self._objective.with_aim(state.value, figures, aim) - LOSS
        )

    def _candidate(self, state: Checkpoint, aim: ProsodyFigures | None) -> Array:
        if self._speaker is not None and state.step == 0:
            return self._speaker.data
        if state.best is None:
            raise StageError("base_voices", "no base voice of the student contains speech.")
        figures = state.prosody
        if aim is None or figures is None:
            return state.best
        return self._shift(state.best, state.fraction * (aim.vector - figures.vector))
