"""Stage evolve: the search for one style's voice pack, in slices that resume bit for bit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from functools import cached_property
from pathlib import Path

import numpy as np

from distillation.engines.base import Differentiable, Student
from distillation.recipe import CORRECTIONS, RunRecipe
from distillation.scoring import Score
from distillation.search import WITH_GRADIENT, Array, SearchError, Strategy, strategy
from distillation.search.gradient import SENTENCES, Gradient
from distillation.stages import checkpoint as checkpoints
from distillation.stages import search_progress
from distillation.stages.base import StageError, StopSignal
from distillation.stages.candidate_parts import CandidateParts
from distillation.stages.checkpoint import Checkpoint
from distillation.stages.corrections import Corrections
from distillation.stages.evaluation import (
    BatchEvaluator,
    Evaluation,
    Evaluator,
    PruningThreshold,
    Task,
    evaluated_here,
)
from distillation.stages.initialization import MAX_IN_MEMORY, Start, stock_of
from distillation.stages.objective import GradientRequest
from distillation.stages.prosody_figures import ProsodyFigures
from distillation.stages.search_context import SearchContext
from distillation.stages.search_progress import Diversity, SearchView, time_is_up
from distillation.stages.voice_atlas import atlas_for
from distillation.voicepack import VoicePack


class Evolution(SearchView):
    """Stage 2 for one style.

    First every base voice is scored, then blends of the best of them (the interpolation
    start of KVoiceWalk, bounded); the best of all is the start. If the student takes long to
    speak, the start is the base voice that is nearest by the atlas (`stages.voice_atlas`). The
    recipe's strategy then searches from it until one of the recipe's rules ends the search.

    A gradient search ends with corrections of the prosody. The first style of a run evolves the
    speaker, towards the targets of all; the others begin from it and are corrections alone.

    Candidates come in batches. The pruning threshold (target similarity of the first text at
    least `recipe.early_stop` of the best's; a total above the search's floor) is fixed at the
    start of a batch, so the result does not depend on which worker evaluates which candidate.

    Parameters
    ----------
    recipe : RunRecipe
    style_key : str
        One of the recipe's styles.
    student : Student
        Speaks the candidates.
    target_path : path
        The style's target; its other clips are next to it.
    checkpoint : bytes, optional
        From `checkpoint()`: resume from there, to the bit as an uninterrupted search.
    context : SearchContext, optional
        What else the search of this style needs.

    Attributes
    ----------
    step, texts, seconds, stopped, best, best_score, start, start_name, start_score, points
        As `SearchView` has them.
    steps : int
        Steps it takes at most: `recipe.steps_of` its style.
    evaluations : int
        Candidates evaluated so far, with the start's; before the first, base voices measured.
    base_voice : str
        The base voice of the highest score: the start's name, unless that is a blend.
    milestones : dict of int to VoicePack
        The best pack at 0, 25, 50 and 100 %, keyed by step: of `steps` (as far as
        reached) while the search runs, of the steps it took once it has ended.
    evaluator : Evaluator
        Evaluates one candidate, in this process.

    Raises
    ------
    StageError
        `bad_checkpoint`, `other_checkpoint`, `no_target`, `bad_target`, `base_voices`,
        `no_gradient`.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        style_key: str,
        student: Student,
        target_path: str | Path,
        checkpoint: bytes | None = None,
        *,
        context: SearchContext | None = None,
    ) -> None:
        self.recipe = recipe
        self.style_key = recipe.style(style_key).key
        self.steps = recipe.steps_of(style_key)
        self._context = context or SearchContext()
        self.evaluator = Evaluator(recipe, student, Path(target_path), self._context)
        self._student = student
        self._stock = stock_of(recipe, student)
        atlas = atlas_for(recipe, student, self._stock, self._context.atlas_dir)
        self._start = Start(recipe, self._stock, self.evaluator, atlas)
        self._identity = checkpoints.identity(
            recipe, self.style_key, Path(target_path), self._stock, student.weights, self._context
        )
        self._state = (
            Checkpoint() if checkpoint is None else checkpoints.read(checkpoint, self._identity)
        )
        self._pending: deque[Task] = deque()
        self._parts = CandidateParts(self.evaluator, self._state.evaluations)
        self._diversity = Diversity([pack.data for pack in self._stock.values()])
        self._search: Strategy | None = None
        if self._state.start is not None and self._state.start_score is not None:
            self._begin_search(self._state.start, self._state.start_score)

    @property
    def evaluations(self) -> int:
        return self._state.evaluations or self._start.measured

    @property
    def base_voice(self) -> str:
        return self._start.base_voice(self._state)

    @property
    def milestones(self) -> dict[int, VoicePack]:
        return {
            step: VoicePack(self._state.kept[improved], self._student.name)
            for step, improved in search_progress.milestones(self._state, self.steps).items()
        }

    @property
    def start_total(self) -> int:
        """Number of candidates evaluated, and of voices measured, before the first step."""
        return self._start.total

    @property
    def is_prepared(self) -> bool:
        """Whether every base voice has been measured that must be before the start is chosen."""
        return self._state.start is not None or self._start.is_prepared

    def prepare(self, go_on: Callable[[], bool] = lambda: True) -> bool:
        """Measure the base voices while `go_on()`; return whether the search can begin.

        Processes that share `SearchContext.atlas_dir` measure them together.
        """
        return self.is_prepared or self._start.prepare(go_on)

    def batch(self) -> list[Task]:
        """Return the candidates to evaluate next, in this order; none before it is prepared."""
        if not self._pending and not self.done and self.is_prepared:
            self._pending.extend(self._next_batch())
        return list(self._pending)

    @property
    def width(self) -> int:
        """How many tasks of this batch, or of a later one of a gradient, are independent."""
        climbs = self.recipe.strategy in WITH_GRADIENT and self._state.step < self._search_steps - 1
        return max(len(self._parts.of(self.batch())), SENTENCES if climbs else 0)

    def advance(
        self,
        seconds: float | None = None,
        steps: int | None = None,
        on_step: Callable[[Evolution], None] | None = None,
        should_stop: StopSignal | None = None,
        evaluate_batch: BatchEvaluator | None = None,
    ) -> bool:
        """Search until done, for a number of seconds or steps, or until `should_stop` is true.

        Parameters
        ----------
        seconds : float, optional
            Checked between tasks; one candidate at least is evaluated, or a base voice measured.
        steps : int, optional
            Candidates to evaluate, including those of the start.
        on_step : callable, optional
            Called with this object after each candidate.
        should_stop : callable, optional
            Called before each task; True ends the slice, and texts of half a candidate are lost.
        evaluate_batch : callable, optional
            Given tasks and `go_on`, yields their evaluations in order, and stops early once
            `go_on()` is false; it need not check before the first. By default
            `evaluation.evaluated_here`: this process alone.

        Returns
        -------
        bool
            Whether the search is done.
        """
        until = None if seconds is None else time.monotonic() + seconds
        first = self._state.evaluations
        evaluate_batch = evaluate_batch or evaluated_here(self.evaluator)
        stop_requested = False  # to stop; latched, as the signal may be given only once

        def is_late() -> bool:
            return until is not None and time.monotonic() >= until

        def go_on() -> bool:
            nonlocal stop_requested
            stop_requested = stop_requested or bool(should_stop and should_stop())
            evaluated = self._state.evaluations - first
            enough = steps is not None and evaluated >= steps
            return not stop_requested and (not evaluated or not (is_late() or enough))

        began = time.monotonic() - self._state.seconds
        self._prepare_step_by_step(lambda: go_on() and not is_late(), on_step)
        while self.is_prepared and not self.done and go_on():
            with closing(evaluate_batch(self._parts.of(self.batch()), go_on)) as evaluations:
                for evaluation in self._parts.joined(self.batch(), evaluations):
                    self._state.seconds = time.monotonic() - began
                    self._record(self._pending.popleft(), evaluation)
                    if on_step:
                        on_step(self)
                    if self.done:
                        break
        return self.done

    def _prepare_step_by_step(
        self, go_on: Callable[[], bool], on_step: Callable[[Evolution], None] | None
    ) -> None:
        def go_on_and_tell() -> bool:
            if on_step and self._start.measured:
                on_step(self)
            return go_on()

        self.prepare(go_on_and_tell)

    def checkpoint(self) -> bytes:
        """Return everything `Evolution` needs to resume, as npz without pickles."""
        if self._search is not None:
            self._state.search = self._search.state()
        return checkpoints.write(self._state, self._identity)

    def _next_batch(self) -> list[Task]:
        if self._state.start is None:
            return self._start.tasks(self._state)
        if self._search is not None and self._state.step < self._search_steps:
            return self._search_batch(self._search)
        return [self._corrections.task(self._state, self._aim)]

    @property
    def _search_steps(self) -> int:
        """How many of the steps are the strategy's; corrections follow."""
        if self.recipe.begins_from_speaker(self.style_key):
            return 0
        return self.steps - (CORRECTIONS if self.evaluator.objective else 0)

    # The threshold is set once per batch and not after every candidate, so that neither the order
    # of evaluation nor the number of workers changes which candidates are dropped, and a search
    # shared by several workers ends in the bit-identical pack.
    def _search_batch(self, search: Strategy) -> list[Task]:
        state = self._state
        if not state.left and state.best_score:
            state.left = min(search.batch, self._search_steps - state.step)
            first = self.recipe.early_stop * state.best_score.first
            state.threshold = PruningThreshold(first, search.floor)
        count = min(state.left, MAX_IN_MEMORY)
        return [self._asked(search, state.evaluations + n) for n in range(count)]

    def _asked(self, search: Strategy, number: int) -> Task:
        candidate, request = search.ask(), None
        if isinstance(search, Gradient):
            texts = self.recipe.gradient_texts or self.recipe.search_texts
            if (sentence := search.sentence) is not None:
                text = texts[sentence % len(texts)]
                request = GradientRequest(text, sentence, self._wanted())
            return Task(number, candidate, PruningThreshold(), request)
        return Task(number, candidate, self._state.threshold)

    @cached_property
    def _corrections(self) -> Corrections:
        student, objective = self._student, self.evaluator.objective
        if objective is None or not isinstance(student, Differentiable):
            raise StageError("no_gradient", f"{self.recipe.strategy} makes no corrections.")
        speaker, stock = self._context.speaker, list(self._stock.values())
        if speaker is None and self.recipe.begins_from_speaker(self.style_key):
            raise StageError("no_speaker", f"{self.style_key}: its speaker is not evolved yet.")
        return Corrections(self.recipe, student, objective, stock, speaker)

    @property
    def _aim(self) -> ProsodyFigures | None:
        """The target's prosody within the base voice's reach; a further style's by its shift."""
        objective, state, shift = self.evaluator.objective, self._state, self._context.shift
        aim = objective.aim if objective else None
        if state.speaker_figures and shift:
            speaker = ProsodyFigures(*state.speaker_figures)
            return ProsodyFigures.of(speaker.vector + np.array(shift))
        return aim.within_reach(state.start_rate) if aim and state.start_rate else aim

    def _wanted(self) -> tuple[float, ...]:
        """Return what the student is to predict for the voice to be measured at its aim."""
        aim, bias = self._aim, self._state.bias
        return tuple((aim.vector - np.array(bias)).tolist()) if aim and bias else ()

    def _record(self, task: Task, evaluation: Evaluation) -> None:
        state = self._state
        state.evaluations += 1
        state.texts += evaluation.texts
        if state.start is None:
            self._record_start(task, evaluation)
            return
        searching = state.step < self._search_steps
        state.step += 1
        if searching and self._search is not None:
            self._record_step(self._search, task, evaluation)
        else:
            self._record_correction(task, evaluation)
        search_progress.check_progress(state, self.recipe, self.steps)

    def _record_start(self, task: Task, evaluation: Evaluation) -> None:
        state, score = self._state, evaluation.score
        state.start_totals.append(score.total if score else 0.0)
        if score and (state.best_score is None or score.total > state.best_score.total):
            self._keep_best(task, evaluation)
            state.start_name = self._start.name(state, task.number)
        late = (
            time_is_up(self.recipe, state.seconds) and state.best_score and state.best_score.target
        )
        if late or self._start.is_over(state):
            self._choose_start()

    def _keep_best(self, task: Task, evaluation: Evaluation) -> None:
        state = self._state
        state.best, state.best_score = task.candidate, evaluation.score
        state.value = evaluation.value
        state.figures = list(evaluation.figures) if evaluation.figures else None

    def _choose_start(self) -> None:
        best, score = self._state.best, self._state.best_score
        if best is None or score is None or score.target == 0.0:
            raise StageError("base_voices", "no base voice of the student contains speech.")
        state = self._state
        state.start, state.start_score = best, score
        if figures := state.prosody:
            state.start_rate = figures.rate
            self._update_bias(best, figures)
        search_progress.add_point(state, score)
        self._begin_search(best, score)
        search_progress.check_progress(state, self.recipe, self.steps)

    def _update_bias(self, pack: Array, figures: ProsodyFigures) -> None:
        """Compare what is measured with what is predicted, for the next gradients."""
        if self.evaluator.objective:
            self._state.bias = list(self.evaluator.objective.bias(pack, figures))

    def _begin_search(self, start: Array, score: Score) -> None:
        value = self._state.value if self.evaluator.objective else score.total
        try:
            self._search = strategy(
                self.recipe.strategy,
                start=start,
                start_score=score.total if value is None else value,
                population=np.stack([pack.data for pack in self._stock.values()]),
                diversity=self.recipe.diversity,
                seed=checkpoints.style_seed(self.recipe.seed, self.style_key),
                known=self._start.known(self._state),
                steps=max(1, self._search_steps),
            )
        except SearchError as error:
            raise StageError("base_voices", str(error)) from error
        if self._state.search:
            self._search.restore(self._state.search)

    def _record_step(self, search: Strategy, task: Task, evaluation: Evaluation) -> None:
        state, score = self._state, evaluation.score
        state.left -= 1
        if state.best is not None:
            state.diversity = self._diversity.running(state.diversity, task.candidate, state.best)
        if isinstance(search, Gradient) and task.gradient:
            search.tell_gradient(np.array(evaluation.gradient))
            return
        total = score.total if score else None
        if evaluation.figures:
            self._update_bias(task.candidate, evaluation.figures)
        told = evaluation.value if self.evaluator.objective else total
        if search.tell(told, ceiling=evaluation.ceiling) and score:
            self._keep_best(task, evaluation)
            search_progress.add_point(state, score)

    def _record_correction(self, task: Task, evaluation: Evaluation) -> None:
        state = self._state
        if self._corrections.is_better(state, evaluation, self._aim) and evaluation.score:
            self._keep_best(task, evaluation)
            search_progress.add_point(state, evaluation.score)
            if state.step == 1 and self._context.speaker:
                state.speaker_figures = state.figures
        else:
            state.fraction /= 2
