"""What a gradient search maximizes: similarity, naturalness and the target's prosody."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio
from distillation.engines.base import Differentiable, Student
from distillation.recipe import RunRecipe
from distillation.scoring import TextResult, naturalness
from distillation.scoring.differentiable_similarity import DifferentiableSimilarity, narrowed
from distillation.search import WITH_GRADIENT, Array
from distillation.stages import prosody_figures
from distillation.stages.base import StageError
from distillation.stages.clips import clips_digest, read_clips
from distillation.stages.predicted_prosody import prediction
from distillation.stages.prosody_figures import NAMES, ProsodyFigures
from distillation.stages.search_context import SearchContext
from distillation.voicepack import VoicePack

if TYPE_CHECKING:
    from torch import Tensor

RELEASED = 5  # gradients after which freed memory is given back
NATURAL_ENOUGH = 4.6  # a higher score is no gain: the best base voices have 4.5-4.7
# Errors (semitones, logarithms) from which the penalty grows linearly: a pitch that is far away
# would outweigh the similarity, and Adam would throw the voice beyond the target and back.
FAR = np.array([1.5, 0.3, 0.15])
# Measured less predicted prosody, lowest and highest. Base voices have -0.4 to 0.8 semitones and
# 1.1-1.2 and 0.15-0.22; more is an error of the pitch tracker, by an octave in a creaky voice.
TRUSTED = np.array([[-1.5, 0.8, 0.0], [1.5, 1.6, 0.45]])
Vector = NDArray[np.float64]


class GradientRequest(NamedTuple):
    """The sentence at which a candidate is differentiated.

    Attributes
    ----------
    text : str
    seed : int
        Of the vocoder's noise, and of the noise that keeps the predictor's gradient finite.
    wanted : tuple of float
        Prosody to be predicted (`ProsodyFigures.vector`): the target's, less what is measured
        beyond the prediction; empty if unknown.
    """

    text: str
    seed: int
    wanted: tuple[float, ...] = ()


class Objective:
    """Similarity to the target, plus weighted naturalness, minus weighted errors of prosody.

    In float: ``similarity + w_n · min(naturalness, 4.6) - Σ w_i · huber(error_i)`` with the errors
    of pitch (semitones), range and rate (natural logarithms) against the target's; `huber` is the
    square of a small error, and proportional to one beyond `FAR`. The weights are the recipe's
    (`RunRecipe.objective`). Level is no part of it: every target is brought to one loudness, which
    a deployment's gain meets exactly.

    Parameters
    ----------
    recipe : RunRecipe
    student : Differentiable
    similarity : DifferentiableSimilarity
        That to the speaker.
    aim : ProsodyFigures or None
        Of the style's target; None if it could not be measured, and prosody is left alone.

    References
    ----------
    Kingma & Ba 2015 for the ascent itself (`search.gradient`); the predictor of naturalness is
    that of `scoring.naturalness`; Charbonnier et al. 1997 for the penalty (pseudo-Huber).
    """

    def __init__(
        self,
        recipe: RunRecipe,
        student: Differentiable,
        similarity: DifferentiableSimilarity,
        aim: ProsodyFigures | None,
    ) -> None:
        self._student, self.aim = student, aim
        self._texts = recipe.search_texts
        self._count = 0
        self._predictions: dict[str, Vector] = {}  # of the pack asked for last
        self._similarity = similarity
        self._weights: Mapping[str, float] = recipe.objective
        self._natural = naturalness.available() and self._weights["naturalness"] > 0

    def gradient(self, pack: Array, request: GradientRequest) -> tuple[float, Vector]:
        """Return the objective on one sentence and its gradient by an offset to all rows.

        Parameters
        ----------
        pack : ndarray, shape (rows, 1, 256), float32
            The point.
        request : GradientRequest
            The sentence.

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
        if request.wanted:
            missing = torch.tensor(request.wanted) - prediction(found, request.text)
            value = value - self._penalty(missing)
        (gradient,) = torch.autograd.grad(value, offset)
        self._count += 1
        if self._count % RELEASED == 0:
            _release_memory()
        return float(value.detach()), gradient.numpy().astype(np.float64)

    def rated(self, audio: Audio) -> float:
        """Return the naturalness of a text, 1-5, as `measured` needs it; 0 if it has no weight."""
        return naturalness.naturalness(audio) if self._natural else 0.0

    def measured(
        self, pack: Array, results: Sequence[TextResult], ratings: Sequence[float]
    ) -> tuple[float, ProsodyFigures | None]:
        """Return the objective and the prosody of a voice that spoke every search text.

        The prosody is as measured, where that is within `TRUSTED` of what is predicted; `ratings`
        are those of `rated`.
        """
        audios = [result.audio for result in results]
        figures = prosody_figures.measured(audios, self._texts)
        if figures is not None:
            low, high = self._predicted(pack) + TRUSTED
            figures = ProsodyFigures.of(np.clip(figures.vector, low, high))
        value = float(np.mean([self._similarity.of(result.embedding) for result in results]))
        if self._natural:
            rating = float(np.mean(ratings))
            value += self._weights["naturalness"] * min(rating, NATURAL_ENOUGH)
        return value - self._prosody_penalty(figures, self.aim), figures

    def with_aim(self, value: float, figures: ProsodyFigures, aim: ProsodyFigures) -> float:
        """Return a measured objective as it would be with another aim."""
        own, other = (self._prosody_penalty(figures, one) for one in (self.aim, aim))
        return value + own - other

    def bias(self, pack: Array, figures: ProsodyFigures) -> tuple[float, ...]:
        """Return measured minus predicted prosody of a pack over the search texts."""
        return tuple((figures.vector - self._predicted(pack)).tolist())

    def _predicted(self, pack: Array) -> Vector:
        """Return the predicted prosody over the search texts, shape (3,)."""
        voice = VoicePack(pack, self._student.name)
        if voice.sha256 not in self._predictions:
            self._predictions = {voice.sha256: self._prediction_of(voice)}
        return self._predictions[voice.sha256]

    def _prediction_of(self, voice: VoicePack) -> Vector:
        import torch

        still = torch.zeros(voice.data.shape[-1])
        with torch.no_grad():
            found = [
                prediction(self._student.differentiable_prosody(text, voice)(still), text)
                for text in self._texts
            ]
        mean: Vector = torch.stack(found).mean(dim=0).numpy().astype(np.float64)
        return mean

    def _prosody_penalty(self, figures: ProsodyFigures | None, aim: ProsodyFigures | None) -> float:
        import torch

        if aim is None or figures is None:
            return 0.0
        return float(self._penalty(torch.from_numpy(aim.vector - figures.vector)))

    def _penalty(self, errors: Tensor) -> Tensor:
        import torch

        weights, far = torch.tensor([self._weights[name] for name in NAMES]), torch.from_numpy(FAR)
        return (weights * 2 * far.square() * ((1 + (errors / far).square()).sqrt() - 1)).sum()


def objective_for(
    recipe: RunRecipe, student: Student, target: Path, context: SearchContext
) -> Objective | None:
    """Return the objective of the recipe's search; None if its strategy uses none.

    Raises
    ------
    StageError
        `no_gradient`: the student provides none; `no_target`, `bad_target`.
    """
    if recipe.strategy not in WITH_GRADIENT:
        return None
    if not isinstance(student, Differentiable):
        raise StageError(
            "no_gradient",
            f"the student {recipe.student} gives no gradient: {recipe.strategy} works with kokoro.",
        )
    aim = _aim(target, clips_digest(target), context.target_texts)
    targets = context.speaker_targets or (target,)
    similarity = _similarity(targets, tuple(map(clips_digest, targets)))
    return Objective(recipe, student, similarity, aim)


# Both are the same in every slice of a style; measuring them takes a process 0.8 s.
@lru_cache(maxsize=8)
def _aim(target: Path, digest: str, texts: tuple[str, ...]) -> ProsodyFigures | None:  # noqa: ARG001
    return prosody_figures.measured(read_clips(target), texts)


@lru_cache(maxsize=8)
def _similarity(targets: tuple[Path, ...], digests: tuple[str, ...]) -> DifferentiableSimilarity:  # noqa: ARG001
    return DifferentiableSimilarity(*(clip for path in targets for clip in read_clips(path)))


def _release_memory() -> None:
    """Return freed memory of this process to the system, where its C library can (glibc).

    Gradients of sentences of many lengths leave gaps that glibc keeps: a process grew by 40 MB
    with each, to 5 GB in a search, instead of 1.2 GB between them. A call takes 0.1-0.4 s.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
