"""The gradient of target similarity through engine and speaker encoder."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distillation.engines.base import Differentiable, Student
from distillation.recipe import RunRecipe
from distillation.scoring.differentiable_similarity import DifferentiableSimilarity
from distillation.search import EXPERIMENTAL, Array
from distillation.stages.base import StageError
from distillation.stages.clips import read_clips
from distillation.voicepack import VoicePack

TEXTS = 2  # if a recipe names none: this many of the shortest search texts


class SimilarityGradient:
    """The gradient of target similarity, one short text per step.

    The search overfits to a few repeated texts: the voice becomes less natural on all others. So
    a recipe names many (`RunRecipe.gradient_texts`).

    Parameters
    ----------
    recipe : RunRecipe
    student : Differentiable
    target_path : path
        The style's target; its other clips are next to it.
    """

    def __init__(self, recipe: RunRecipe, student: Differentiable, target_path: Path) -> None:
        self._student, self._path, self._seed = student, target_path, recipe.seed
        shortest = sorted(recipe.search_texts, key=len)[:TEXTS]
        self._texts = recipe.gradient_texts or shortest

    @cached_property
    def _similarity(self) -> DifferentiableSimilarity:
        return DifferentiableSimilarity(*read_clips(self._path))

    def __call__(self, pack: Array, turn: int) -> NDArray[np.float64]:
        """Return the derivative of target similarity by each style embedding component, (256,).

        Parameters
        ----------
        pack : ndarray, shape (rows, 1, 256)
            The point to differentiate at; the same offset is applied to all rows.
        turn : int
            Step number: selects the text, cyclically.
        """
        import torch

        text = self._texts[turn % len(self._texts)]
        voice = VoicePack(pack, self._student.name)
        offset = torch.zeros(pack.shape[-1], requires_grad=True)
        y = self._student.differentiable_synthesis(text, voice, seed=self._seed)(offset)
        (gradient,) = torch.autograd.grad(self._similarity(y, self._student.sr), offset)
        return gradient.numpy().astype(np.float64)


def gradient_for(
    recipe: RunRecipe, student: Student, target_path: Path
) -> SimilarityGradient | None:
    """Return the gradient used by the recipe's strategy; None if it uses none.

    Raises
    ------
    StageError
        `no_gradient`: the student provides none.
    """
    if recipe.strategy not in EXPERIMENTAL:
        return None
    if not isinstance(student, Differentiable):
        raise StageError(
            "no_gradient",
            f"the student {recipe.student} gives no gradient: {recipe.strategy} works with kokoro.",
        )
    return SimilarityGradient(recipe, student, target_path)
