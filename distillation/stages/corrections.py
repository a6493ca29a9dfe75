"""The end of a gradient search: pitch and rate of the best voice are corrected as measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from distillation.engines.base import Differentiable
from distillation.recipe import RunRecipe
from distillation.search import Array
from distillation.stages.base import StageError
from distillation.stages.checkpoint import Checkpoint
from distillation.stages.evaluation import Evaluation, PruningThreshold, Task
from distillation.stages.objective import Objective
from distillation.stages.predicted_prosody import prediction
from distillation.stages.prosody_figures import STEERED, TOLERANCES, ProsodyFigures
from distillation.voicepack import VoicePack

if TYPE_CHECKING:
    from torch import Tensor

Vector = NDArray[np.float64]

HALF = 128  # prosody half: from here on
DIRECTIONS = 20  # of the base voices' prosody halves; these hold 86 % of their variation
ROUNDS = 3
RIDGE = 1e-3  # of the closed form, against the square of a spread
LIMIT = 3.0  # spreads the shift may move along any direction
TEXTS = 4  # of the gradient's sentences, besides the search texts
LOSS, STYLE_LOSS = 0.02, 0.05  # of the objective that a correction may cost; that of a style


class ProsodyShift:
    """Finds the smallest shift that changes predicted pitch and rate as wanted.

    The student predicts F0 and durations from the prosody half alone, without synthesis, and both
    are differentiable. So the shift is solved in closed form for the predictions' derivatives at
    the voice itself, and what it misses is made up for with the same derivatives, `ROUNDS` times
    in all: new ones would cost three times as much as a prediction. It moves along the directions
    in which base voices differ, the timbre half stays, and so does the speaker.

    Parameters
    ----------
    student : Differentiable
    stock : sequence of VoicePack
        The base voices.
    texts : sequence of str
        Over which the change is meant, on average.

    References
    ----------
    Levenberg 1944, A method for the solution of certain non-linear problems in least squares.
    """

    def __init__(
        self, student: Differentiable, stock: Sequence[VoicePack], texts: Sequence[str]
    ) -> None:
        self._student, self._texts = student, tuple(texts)
        halves = np.stack([pack.data[:, 0, HALF:].mean(axis=0) for pack in stock])
        _, spreads, vectors = np.linalg.svd(halves - halves.mean(axis=0), full_matrices=False)
        kept = min(DIRECTIONS, len(stock) - 1)
        self._directions = spreads[:kept, None] / np.sqrt(len(stock) - 1) * vectors[:kept]

    def __call__(self, pack: Array, change: Vector) -> Array:
        """Return the pack shifted so that its predicted pitch and rate change by `change`.

        Parameters
        ----------
        pack : ndarray, shape (rows, 1, 256), float32
            The voice to shift; it is not changed.
        change : ndarray, shape (2,)
            Semitones of median F0, and natural logarithm of the ratio of rates.
        """
        point = np.zeros(len(self._directions))
        before, slope = self._predicted_with_slope(pack)
        now = before
        for turn in range(ROUNDS):
            if turn:
                now = self._predicted(pack, point)
            point = point + _closed_form(slope, before + change - now)
            point = np.clip(point, -LIMIT, LIMIT)
        return self._shifted(pack, point)

    def _shifted(self, pack: Array, point: Vector) -> Array:
        offset = np.zeros(pack.shape[-1])
        offset[HALF:] = point @ self._directions
        return np.asarray(pack + offset, np.float32)

    def _predicted(self, pack: Array, point: Vector) -> Vector:
        """Return the mean pitch and rate of the shifted pack over the texts, (2,)."""
        import torch

        voice, still = self._shifted(pack, point), torch.zeros(pack.shape[-1])
        with torch.no_grad():
            found = [self._prosody(voice, text, still).numpy() for text in self._texts]
        return np.mean(found, axis=0, dtype=np.float64)

    def _predicted_with_slope(self, pack: Array) -> tuple[Vector, Vector]:
        """Return the mean pitch and rate over the texts, (2,), and derivatives, (2, directions)."""
        import torch

        values, slopes = [], []
        for text in self._texts:
            offset = torch.zeros(pack.shape[-1], requires_grad=True)
            found = self._prosody(pack, text, offset)
            grads = [torch.autograd.grad(one, offset, retain_graph=True)[0] for one in found]
            values.append(found.detach().numpy())
            slopes.append([one[HALF:].numpy() @ self._directions.T for one in grads])
        return np.mean(values, axis=0), np.mean(slopes, axis=0, dtype=np.float64)

    def _prosody(self, pack: Array, text: str, offset: Tensor) -> Tensor:
        voice = VoicePack(pack, self._student.name)
        return prediction(self._student.differentiable_prosody(text, voice)(offset), text)[STEERED]


def _closed_form(slope: Vector, missing: Vector) -> Vector:
    """Return the smallest step that makes up for what is missing, in units of the tolerances."""
    scaled = slope / TOLERANCES[:, None]
    inner = scaled @ scaled.T + RIDGE * np.eye(len(scaled)) * np.trace(scaled @ scaled.T)
    return np.asarray(scaled.T @ np.linalg.solve(inner, missing / TOLERANCES))


class Corrections:
    """Shifts the prosody half, each time by what the best voice still misses.

    The first candidate of a style that begins from another's speaker is that speaker as it is.
    What is not nearer to the target's pitch and rate is dropped, and so is what costs more of the
    objective, towards the aim, than `LOSS`, or `STYLE_LOSS` where corrections are all that makes
    the style. The next correction then makes up for half as much. The range of the pitch is left to
    the delivery: shifts that were to halve it as well cost a person's voice 0.26 of naturalness.

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
        allowed = LOSS if self._speaker is None else STYLE_LOSS
        return state.value is None or (
            value >= self._objective.with_aim(state.value, figures, aim) - allowed
        )

    def _candidate(self, state: Checkpoint, aim: ProsodyFigures | None) -> Array:
        if self._speaker is not None and state.step == 0:
            return self._speaker.data
        if state.best is None:
            raise StageError("base_voices", "no base voice of the student contains speech.")
        figures = state.prosody
        if aim is None or figures is None:
            return state.best
        missing = (aim.vector - figures.vector)[STEERED]
        return self._shift(state.best, state.fraction * missing)
