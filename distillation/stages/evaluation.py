"""Evaluation of one candidate: a task that any worker can do, and its result."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from corpus.audio.types import Audio
from distillation.engines.base import BatchStudent, Student
from distillation.recipe import RunRecipe
from distillation.scoring import Score, Scorer, TextResult
from distillation.scoring.encoder import Embedding
from distillation.search import Array
from distillation.stages.clips import clips_digest, read_clips
from distillation.stages.objective import GradientRequest, Objective, objective_for
from distillation.stages.prosody_figures import ProsodyFigures
from distillation.stages.search_context import SearchContext
from distillation.stages.speech_cache import cached_speech, keep_speech
from distillation.stages.spoken_text import SpokenText
from distillation.voicepack import VoicePack


@dataclass(frozen=True)
class PruningThreshold:
    """What the candidates of one batch must reach, fixed when the batch begins.

    Attributes
    ----------
    first : float
        0-1: a candidate whose first text is less similar to the target is dropped (as published).
    floor : float
        0-100: the search treats all totals at or below it alike.
    """

    first: float = 0.0
    floor: float = -math.inf


@dataclass(frozen=True, eq=False)
class Task:
    """A candidate to evaluate: the `number`-th of its search, from 0."""

    number: int
    candidate: Array
    threshold: PruningThreshold
    gradient: GradientRequest | None = None  # to be differentiated instead of scored
    text: str = ""  # the only one to be spoken: a part of its score

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything the evaluation depends on besides recipe and target."""
        about = repr(self.text or self.gradient or self.threshold)
        return hashlib.sha256(self.candidate.tobytes() + about.encode()).hexdigest()


@dataclass(frozen=True)
class Evaluation:
    """The result for one candidate.

    Attributes
    ----------
    score : Score or None
        None for a candidate that was dropped before its last text.
    ceiling : float
        0-100: upper bound on its total; its actual total if all texts were evaluated.
    texts : int
        Number of texts it spoke.
    value : float or None
        The objective of a gradient search; None for other searches.
    gradient : tuple of float
        Its gradient (256,), if that was requested.
    figures : ProsodyFigures or None
        Prosody of a candidate that was scored by a gradient search.
    spoken : SpokenText or None
        The text of a task that is a part of a candidate's score.
    """

    score: Score | None
    ceiling: float
    texts: int
    value: float | None = None
    gradient: tuple[float, ...] = ()
    figures: ProsodyFigures | None = None
    spoken: SpokenText | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; `from_json` reads them back to an equal evaluation."""
        return {
            "score": self.score and self.score.to_json(),
            "ceiling": self.ceiling,
            "texts": self.texts,
            "value": self.value,
            "gradient": list(self.gradient),
            "figures": self.figures and list(self.figures),
            "spoken": self.spoken and self.spoken.to_json(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Evaluation:
        """Read what `to_json` wrote."""
        return cls(
            data["score"] and Score.from_json(data["score"]),
            float(data["ceiling"]),
            int(data["texts"]),
            data.get("value"),
            tuple(data.get("gradient", ())),
            ProsodyFigures(*data["figures"]) if data.get("figures") else None,
            SpokenText.from_json(data["spoken"]) if data.get("spoken") else None,
        )


GoOn = Callable[[], bool]
Evaluations = Generator[Evaluation, None, None]
BatchEvaluator = Callable[[Sequence[Task], GoOn], Evaluations]


class Evaluator:
    """Synthesizes a candidate text by text until its result is certain.

    The result depends only on recipe, target and task: not on which worker evaluates, nor on what
    was evaluated before. Every candidate speaks with the recipe's seed: with a new seed each
    time, the same pack would score differently.

    Parameters
    ----------
    recipe : RunRecipe
    student : Student
    target_path : path
        The style's target; its other clips are next to it.

    Raises
    ------
    StageError
        `no_target`, `bad_target`.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        student: Student,
        target_path: Path,
        context: SearchContext | None = None,
    ) -> None:
        self._recipe = recipe
        self._student = student
        self._batch_student = batch_student_of(student)
        weights = tuple(sorted(recipe.weights.items()))
        self._scorer = _scorer(target_path, clips_digest(target_path), weights)
        self.objective: Objective | None = objective_for(
            recipe, student, target_path, context or SearchContext()
        )

    @property
    def target_embedding(self) -> Embedding:
        """The speaker embedding of the target: the centroid of its clips."""
        return self._scorer.target_embedding

    @property
    def prefers_batch(self) -> bool:
        """Whether evaluating several candidates at once is faster than one after another.

        True only on a GPU, where it has never been run (none was available); tested on a CPU.
        """
        return self._batch_student is not None

    def __call__(self, task: Task) -> Evaluation:
        """Return the evaluation; the candidate is dropped once it cannot reach the threshold."""
        return self.many([task])[0]

    def many(self, tasks: Sequence[Task]) -> list[Evaluation]:
        """Return the evaluations of several tasks; without an objective, together text by text.

        Each is dropped exactly where it would be if evaluated alone. If the student synthesizes
        several voices at once, scores equal the sequential ones within the student's tolerance.
        """
        if self.objective is None:
            return self._scored(tasks)
        return [self._by_objective(self.objective, task) for task in tasks]

    def parts(self, task: Task) -> list[Task]:
        """Return the tasks that this one is made of, which different workers may do.

        A candidate of a gradient search, which is never dropped early, is made of its texts, the
        longest first, so that two workers end at about the same time; any other is one task.
        """
        if self.objective is None or task.gradient or task.text:
            return [task]
        texts = sorted(self._recipe.search_texts, key=len, reverse=True)
        return [replace(task, text=text) for text in texts]

    def whole(self, task: Task, parts: Sequence[Evaluation]) -> Evaluation:
        """Return the evaluation of a task from those of its parts, in their order."""
        spoken = [one.spoken for one in parts if one.spoken]
        if self.objective is None or not spoken:
            return parts[0]
        texts = [part.text for part in self.parts(task)]
        return self._put_together(self.objective, task, dict(zip(texts, spoken, strict=True)))

    def _by_objective(self, objective: Objective, task: Task) -> Evaluation:
        if task.gradient:
            value, gradient = objective.gradient(task.candidate, task.gradient)
            return Evaluation(None, 0.0, 1, value, tuple(gradient.tolist()))
        if task.text:
            pack = VoicePack(task.candidate, self._student.name)
            [audio] = self._spoken(task.text, [pack])
            spoken = SpokenText.of(self._scorer.measure_text(audio), objective.rated(audio))
            return Evaluation(None, 0.0, 1, spoken=spoken)
        return self.whole(task, [self._by_objective(objective, part) for part in self.parts(task)])

    def _put_together(
        self, objective: Objective, task: Task, spoken: Mapping[str, SpokenText]
    ) -> Evaluation:
        texts, seed = self._recipe.search_texts, self._recipe.seed
        results = [spoken[text].result for text in texts]
        pack = VoicePack(task.candidate, self._student.name)
        for text, result in zip(texts, results, strict=True):
            keep_speech(self._student, text, pack, result.audio, seed=seed)
        score = self._scorer.score(results, compared=self._recipe.compared)
        ratings = [spoken[text].rating for text in texts]
        value, figures = objective.measured(task.candidate, results, ratings)
        return Evaluation(score, score.total, len(results), value, figures=figures)

    def _scored(self, tasks: Sequence[Task]) -> list[Evaluation]:
        packs = [VoicePack(task.candidate, self._student.name) for task in tasks]
        generators = [self._evaluate_by_text(task) for task in tasks]
        wanted = {number: next(texts) for number, texts in enumerate(generators)}
        evaluations: dict[int, Evaluation] = {}
        while wanted:
            numbers, (text, *_) = list(wanted), wanted.values()
            audios = self._spoken(text, [packs[number] for number in numbers])
            for number, audio in zip(numbers, audios, strict=True):
                try:
                    wanted[number] = generators[number].send(self._scorer.measure_text(audio))
                except StopIteration as end:
                    evaluations[number] = end.value
                    del wanted[number]
        return [evaluations[number] for number in range(len(tasks))]

    def _evaluate_by_text(self, task: Task) -> Generator[str, TextResult, Evaluation]:
        """Yield the texts to synthesize for one candidate, as many as its evaluation needs."""
        threshold, (first, *others) = task.threshold, self._recipe.search_texts
        results = [(yield first)]
        if results[0].target < threshold.first:
            return Evaluation(None, self._ceiling(results), 1)
        feature = None
        for text in others:
            if feature is None and not self._is_below_floor(threshold, results, feature):
                feature = self._scorer.feature(results[0])
            if self._is_below_floor(threshold, results, feature):
                return Evaluation(None, self._ceiling(results, feature), len(results))
            results.append((yield text))
        score = self._scorer.score(results, compared=self._recipe.compared, feature=feature)
        return Evaluation(score, score.total, len(results))

    def _is_below_floor(
        self, threshold: PruningThreshold, results: list[TextResult], feature: float | None
    ) -> bool:
        return threshold.floor > -math.inf and self._ceiling(results, feature) <= threshold.floor

    def _ceiling(self, results: list[TextResult], feature: float | None = None) -> float:
        return self._scorer.ceiling(
            results,
            texts=len(self._recipe.search_texts),
            compared=self._recipe.compared,
            feature=1.0 if feature is None else feature,
        )

    def _spoken(self, text: str, packs: Sequence[VoicePack]) -> list[Audio]:
        seed = self._recipe.seed
        if self._batch_student and len(packs) > 1:
            return self._batch_student.synthesize_many(text, packs, seed=seed)
        return [cached_speech(self._student, text, pack, seed=seed) for pack in packs]


def batch_student_of(student: Student) -> BatchStudent | None:
    """Return the student as a batch student; None if batches are not faster."""
    return student if isinstance(student, BatchStudent) and student.prefers_batch else None


@lru_cache(maxsize=8)
def _scorer(target_path: Path, digest: str, weights: tuple[tuple[str, float], ...]) -> Scorer:  # noqa: ARG001
    """Return the scorer for these clips, cached so that the next slice need not measure them."""
    return Scorer(*read_clips(target_path), weights=dict(weights))


def evaluated_here(evaluator: Evaluator) -> BatchEvaluator:
    """Return the batch evaluator in this process that is fastest for its student.

    It evaluates tasks one after another while `go_on` allows; or, if batches are faster, all
    tasks together without checking `go_on` in between.
    """

    def evaluate_batch(tasks: Sequence[Task], go_on: GoOn) -> Evaluations:  # noqa: ARG001
        yield from evaluator.many(tasks)

    return evaluate_batch if evaluator.prefers_batch else evaluated_sequentially(evaluator)


def evaluated_sequentially(evaluator: Callable[[Task], Evaluation]) -> BatchEvaluator:
    """Return a batch evaluator that takes the tasks one by one while `go_on` allows."""

    def evaluate_batch(tasks: Sequence[Task], go_on: GoOn) -> Evaluations:
        for number, task in enumerate(tasks):
            if number and not go_on():
                return
            yield evaluator(task)

    return evaluate_batch
