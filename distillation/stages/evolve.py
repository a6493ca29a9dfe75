"""Evolution: the search for one style's pack, in slices that resume to the bit."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np

from corpus.audio.io import read_wav
from corpus.audio.types import Audio, AudioError
from distillation.engines.base import Student
from distillation.recipe import RunRecipe
from distillation.scoring import Heard, Score, Scorer
from distillation.search import Array, SearchError, Strategy, strategy
from distillation.stages import snapshot
from distillation.stages.base import StageError, StopSignal
from distillation.stages.snapshot import Point, Snapshot
from distillation.voicepack import VoicePack, interpolate

PARENTS = 3  # best stock voices that are interpolated
BLENDS = (0.25, 0.5, 0.75, -0.25, 1.25)  # places on the line between two of them
MILESTONES = (0.0, 0.25, 0.5, 1.0)  # parts of the steps at which the best pack is kept


class Evolution:
    """Stage 2 for one style.

    First every base voice is scored, then blends of the best of them (the interpolation
    start of KVoiceWalk, bounded); the best of all is the start. Then the recipe's strategy
    walks `recipe.steps` steps from it. A candidate whose target similarity falls under
    `recipe.early_stop` of the best's is dropped before its other texts are spoken.

    Parameters
    ----------
    recipe : RunRecipe
    style_key : str
        One of the recipe's styles.
    student : Student
        Speaks the candidates, always with the recipe's seed: a new seed each step would make
        the same pack score differently each time.
    target_path : path
        The teacher's clip.
    checkpoint : bytes, optional
        From `checkpoint()`: continue there. The resumed search ends in the bit-identical pack
        of an uninterrupted one.

    Attributes
    ----------
    step : int
        Steps walked, 0…recipe.steps; 0 while the start is being chosen.
    evaluations : int
        Candidates spoken so far, those of the start included.
    best, best_score : VoicePack, Score
        None until the first base voice is scored.
    start, start_name, start_score : VoicePack, str, Score
        None and "" until the start is chosen; a blend is named ``a+b@0.25``.
    points : list of Point
        The start and every improvement.
    milestones : dict of int to VoicePack
        Step to the best pack at that step, at 0, 25, 50 and 100 %.

    Raises
    ------
    StageError
        `bad_checkpoint`, `other_checkpoint`, `bad_target`, `base_voices`.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        style_key: str,
        student: Student,
        target_path: str | Path,
        checkpoint: bytes | None = None,
    ) -> None:
        self.recipe = recipe
        self.style_key = recipe.style(style_key).key
        self._student = student
        self._scorer = _scorer(Path(target_path), recipe)
        names = recipe.base_voices or student.stock_voices()
        self._stock = {name: student.stock_voice(name) for name in names}
        self._identity = snapshot.identity(recipe, self.style_key, Path(target_path))
        self._marks = {round(part * recipe.steps) for part in MILESTONES}
        if checkpoint is None:
            self._at = Snapshot()
        else:
            self._at = snapshot.read(checkpoint, self._identity)
        self._search: Strategy | None = None
        if self._at.start is not None and self._at.start_score is not None:
            self._begin_walk(self._at.start, self._at.start_score)

    @property
    def step(self) -> int:
        return self._at.step

    @property
    def evaluations(self) -> int:
        return self._at.evaluations

    @property
    def done(self) -> bool:
        return self._at.step >= self.recipe.steps

    @property
    def best(self) -> VoicePack | None:
        return self._pack(self._at.best)

    @property
    def best_score(self) -> Score | None:
        return self._at.best_score

    @property
    def start(self) -> VoicePack | None:
        return self._pack(self._at.start)

    @property
    def start_name(self) -> str:
        return self._at.start_name if self._at.start is not None else ""

    @property
    def start_score(self) -> Score | None:
        return self._at.start_score

    @property
    def points(self) -> list[Point]:
        return list(self._at.points)

    @property
    def milestones(self) -> dict[int, VoicePack]:
        engine = self._student.name
        return {step: VoicePack(data, engine) for step, data in self._at.milestones.items()}

    @property
    def start_total(self) -> int:
        """Candidates the choice of the start takes before the first step."""
        parents = min(PARENTS, len(self._stock))
        return len(self._stock) + len(BLENDS) * parents * (parents - 1) // 2

    def advance(
        self,
        seconds: float | None = None,
        steps: int | None = None,
        on_step: Callable[[Evolution], None] | None = None,
        should_stop: StopSignal | None = None,
    ) -> bool:
        """Work until done, or for so many seconds or steps, or until told to stop.

        Parameters
        ----------
        seconds : float, optional
            Checked between candidates; at least one candidate is always evaluated.
        steps : int, optional
            Candidates to evaluate, those of the start included.
        on_step : callable, optional
            Called with this object after each candidate.
        should_stop : callable, optional
            Asked before each candidate; True ends the slice.

        Returns
        -------
        bool
            Whether the search is done.
        """
        until = None if seconds is None else time.monotonic() + seconds
        last = None if steps is None else self.evaluations + steps
        while not self.done and not (should_stop and should_stop()):
            self._next()
            if on_step:
                on_step(self)
            if (last is not None and self.evaluations >= last) or (
                until is not None and time.monotonic() >= until
            ):
                break
        return self.done

    def checkpoint(self) -> bytes:
        """Return everything `Evolution` needs to continue, as npz without pickles."""
        if self._search is not None:
            self._at.search = self._search.state()
        return snapshot.write(self._at, self._identity)

    def _next(self) -> None:
        if self._search is None:
            self._try_start()
        else:
            self._walk_step(self._search)

    def _try_start(self) -> None:
        name, candidate = self._start_candidate(len(self._at.start_totals))
        pack, heard = self._hear(candidate)
        blended = name not in self._stock
        score = None if blended and self._falls_behind(heard) else self._score(pack, heard)
        self._at.start_totals.append(score.total if score else 0.0)
        if score and (self._at.best_score is None or score.total > self._at.best_score.total):
            self._at.best, self._at.best_score, self._at.start_name = candidate, score, name
        if len(self._at.start_totals) == self.start_total:
            self._settle_start()

    def _start_candidate(self, index: int) -> tuple[str, Array]:
        """Return the base voices in their order, then blends of the best of them."""
        names = list(self._stock)
        if index < len(names):
            return names[index], self._stock[names[index]].data
        totals = self._at.start_totals
        ranked = sorted(range(len(names)), key=lambda n: (-totals[n], n))[:PARENTS]
        pairs = [(a, b, t) for a, b in combinations(ranked, 2) for t in BLENDS]
        a, b, t = pairs[index - len(names)]
        blend = interpolate(self._stock[names[a]], self._stock[names[b]], t)
        return f"{names[a]}+{names[b]}@{t:g}", blend.data

    def _settle_start(self) -> None:
        best, score = self._at.best, self._at.best_score
        if best is None or score is None or score.target == 0.0:
            raise StageError("base_voices", "no base voice of the student was heard as speech.")
        self._at.start, self._at.start_score = best, score
        self._at.points.append(Point.of(0, score))
        self._keep_milestone()
        self._begin_walk(best, score)

    def _begin_walk(self, start: Array, score: Score) -> None:
        try:
            self._search = strategy(
                self.recipe.strategy,
                start=start,
                start_score=score.total,
                population=np.stack([pack.data for pack in self._stock.values()]),
                diversity=self.recipe.diversity,
                seed=snapshot.style_seed(self.recipe.seed, self.style_key),
            )
        except SearchError as error:
            raise StageError("base_voices", str(error)) from error
        if self._at.search:
            self._search.restore(self._at.search)

    def _walk_step(self, search: Strategy) -> None:
        candidate = search.ask()
        pack, heard = self._hear(candidate)
        self._at.step += 1
        if self._falls_behind(heard):
            search.tell(None, ceiling=self._ceiling(heard))
        else:
            score = self._score(pack, heard)
            if search.tell(score.total):
                self._at.best, self._at.best_score = candidate, score
                self._at.points.append(Point.of(self.step, score))
        self._keep_milestone()

    def _keep_milestone(self) -> None:
        if self._at.step in self._marks and self._at.best is not None:
            self._at.milestones[self._at.step] = self._at.best

    def _hear(self, candidate: Array) -> tuple[VoicePack, Heard]:
        self._at.evaluations += 1
        pack = VoicePack(candidate, self._student.name)
        return pack, self._scorer.hear(self._speak(self.recipe.search_texts[0], pack))

    def _falls_behind(self, heard: Heard) -> bool:
        best = self._at.best_score
        return best is not None and heard.target < self.recipe.early_stop * best.first

    def _score(self, pack: VoicePack, heard: Heard) -> Score:
        others = [self._speak(text, pack) for text in self.recipe.search_texts[1:]]
        all_heard = [heard, *map(self._scorer.hear, others)]
        return self._scorer.score(all_heard, compared=self.recipe.compared)

    def _ceiling(self, heard: Heard) -> float:
        texts, compared = len(self.recipe.search_texts), self.recipe.compared
        return self._scorer.ceiling([heard], texts=texts, compared=compared)

    def _speak(self, text: str, pack: VoicePack) -> Audio:
        return self._student.synthesize(text, pack, seed=self.recipe.seed)

    def _pack(self, data: Array | None) -> VoicePack | None:
        return None if data is None else VoicePack(data, self._student.name)


def _scorer(path: Path, recipe: RunRecipe) -> Scorer:
    if not path.exists():
        raise StageError("no_target", f"{path}: no target there; run the stage reference first.")
    try:
        return Scorer(read_wav(path), weights=recipe.weights)
    except AudioError as error:
        raise StageError("bad_target", f"{path}: {error}") from error
