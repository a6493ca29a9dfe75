"""What a gradient search maximizes: similarity, naturalness and the target's prosody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio
from distillation.engines.base import Differentiable
from distillation.recipe import RunRecipe
from distillation.scoring import naturalness
from distillation.scoring.differentiable_similarity import DifferentiableSimilarity, narrowed
from distillation.search import Array
from distillation.stages.predicted_prosody import prediction
from distillation.stages.prosody_figures import NAMES, ProsodyFigures
from distillation.voicepack import VoicePack

if TYPE_CHECKING:
    from torch import Tensor

NATURAL_ENOUGH = 4.6  # a higher score is no gain: the best base voices have 4.5-4.7
Vector = NDArray[np.float64]


class GradientRequest(NamedTuple):
    """The sentence at which a candidate is differentiated.

    Attributes
    ----------
    text : str
    seed : int
        Of the vocoder's noise, and of the noise that keeps the predictor's gradient finite.
    bias : tuple of float
        Measured minus predicted prosody of the start (`ProsodyFigures.vector`); empty if unknown.
    """

    text: str
    seed: int
    bias: tuple[float, ...] = ()


class Objective:
    """Similarity to the target, plus weighted naturalness, minus weighted errors of prosody.

    In float: ``similarity + w_n · min(naturalness, 4.6) - Σ w_i · error_i²`` with the errors of
    pitch (semitones), range and rate (natural logarithms) against the target's. The weights are
    the recipe's (`RunRecipe.objective`).

    Parameters
    ----------
    recipe : RunRecipe
    student : Differentiable
    clips : sequence of Audio
        Of the speaker: similarity is that to the centroid of their embeddings.
    aim : ProsodyFigures or None
        Of the style's target; None if it could not be measured, and prosody is left alone.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        student: Differentiable,
        clips: Sequence[Audio],
        aim: ProsodyFigures | None,
    ) -> None:
        self._student, self._aim = student, aim
        self._similarity = DifferentiableSimilarity(*clips)
        self._weights: Mapping[str, float] = recipe.objective
        self._natural = naturalness.available() and self._weights["naturalness"] > 0

    def gradient(self, pack: Array, request: GradientRequest) -> tuple[float, Vector]:
        """Return the objective on one sentence and its gradient by an offset to all rows.

        Parameters
        ----------
        pack : ndarray, shape (rows, 1, 256), float32
        request : GradientRequest

        Returns
        -------
        float
        ndarray, shape (256,)
        """
        import torch

        voice = VoicePack(pack, self._student.name)
        offset = torch.zeros(pack.shape[-1], requires_grad=True)
        speak = self._student.differentiable_synthesis(request.text, voice, seed=request.seed)
        found = speak(offset)
        value = self._similarity(found.samples, self._student.sr)
        if self._natural:
            narrow = narrowed(found.samples, self._student.sr)
            rating = naturalness.differentiable_naturalness(narrow, seed=request.seed)
            value = value + self._weights["naturalness"] * rating.clamp(max=NATURAL_ENOUGH)
        if self._aim is not None and request.bias:
            predicted = prediction(found, request.text) + torch.tensor(request.bias)
            value = value - self._penalty(torch.from_numpy(self._aim.vector) - predicted)
        (gradient,) = torch.autograd.grad(value, offset)
        return float(value), gradient.numpy().astype(np.float64)

    def value(
        self, similarity: float, rating: float | None, figures: ProsodyFigures | None
    ) -> float:
        """Return the objective of a voice that was measured."""
        value = similarity
        if rating is not None:
            value += self._weights["naturalness"] * min(rating, NATURAL_ENOUGH)
        if self._aim is not None and figures is not None:
            errors = np.square(self._aim.vector - figures.vector)
            value -= float(errors @ [self._weights[name] for name in NAMES])
        return value

    def bias(self, pack: Array, figures: ProsodyFigures, texts: Sequence[str]) -> tuple[float, ...]:
        """Return measured minus predicted prosody of a pack over texts."""
        import torch

        voice = VoicePack(pack, self._student.name)
        still = torch.zeros(pack.shape[-1])
        with torch.no_grad():
            found = [
                prediction(self._student.differentiable_prosody(text, voice)(still), text)
                for text in texts
            ]
        return tuple((figures.vector - torch.stack(found).mean(dim=0).numpy()).tolist())

    def _penalty(self, errors: Tensor) -> Tensor:
        import torch

        weights = torch.tensor([self._weights[name] for name in NAMES])
        return (weights * errors.square()).sum()


