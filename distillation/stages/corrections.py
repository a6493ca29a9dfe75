"""Corrects the prosody of an evolved voice by what was measured of it."""

from __future__ import annotations

from collections.abc import Sequence

from distillation.engines.base import Differentiable
from distillation.recipe import RunRecipe
from distillation.scoring import Score
from distillation.search import Array
from distillation.stages.prosody_figures import ProsodyFigures
from distillation.stages.prosody_shift import ProsodyShift
from distillation.voicepack import VoicePack

TEXTS = 8  # of the gradient's sentences, besides the search texts
SIMILARITY_LOSS = 0.03  # of target similarity that a correction may cost


class Corrections:
    """Proposes shifts of the prosody half, each by what the best voice still misses.

    Parameters
    ----------
    recipe : RunRecipe
    student : Differentiable
    stock : sequence of VoicePack
        The base voices.
    aim : ProsodyFigures or None
        Of the style's target; without it nothing is corrected.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        student: Differentiable,
        stock: Sequence[VoicePack],
        aim: ProsodyFigures | None,
    ) -> None:
        texts = (*recipe.search_texts, *recipe.gradient_texts[:TEXTS])
        self._shift, self._aim = ProsodyShift(student, stock, texts), aim

    def candidate(self, best: Array, figures: ProsodyFigures | None, fraction: float) -> Array:
        """Return the best pack, shifted by a fraction (0-1) of what its figures miss."""
        if self._aim is None or figures is None:
            return best
        return self._shift(best, fraction * (self._aim.vector - figures.vector))

    def is_better(
        self,
        score: Score,
        figures: ProsodyFigures | None,
        before: Score,
        figures_before: ProsodyFigures | None,
    ) -> bool:
        """Return whether the prosody is nearer, at no more than `SIMILARITY_LOSS`."""
        if self._aim is None or figures is None or figures_before is None:
            return False
        nearer = figures.error(self._aim) < figures_before.error(self._aim)
        return nearer and score.target >= before.target - SIMILARITY_LOSS
