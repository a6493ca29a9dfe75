"""Where a search starts: at the best base voice, or an interpolation of the best of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np

from distillation.engines import MIN_BASE_VOICES
from distillation.engines.base import Student
from distillation.recipe import RunRecipe
from distillation.search import Array
from distillation.stages.base import StageError
from distillation.stages.checkpoint import Checkpoint
from distillation.stages.evaluation import Evaluator, PruningThreshold, Task
from distillation.stages.voice_atlas import VoiceAtlas
from distillation.voicepack import VoicePack, interpolate

PARENTS = 3  # number of best stock voices that are interpolated
MAX_IN_MEMORY = 32  # candidates at once; a generation may be larger
BLENDS = (0.25, 0.5, 0.75, -0.25, 1.25)  # positions on the line through two of them


class Start:
    """Chooses where a search starts.

    Without an atlas every base voice is a candidate, then blends of the best of them. With one,
    the base voice nearest to the target is the only one, and the atlas must be complete first.

    Parameters
    ----------
    recipe : RunRecipe
    stock : mapping of str to VoicePack
        The base voices.
    evaluator : Evaluator
        Has the target.
    atlas : VoiceAtlas, optional
        Of the base voices.
    """

    def __init__(
        self,
        recipe: RunRecipe,
        stock: Mapping[str, VoicePack],
        evaluator: Evaluator,
        atlas: VoiceAtlas | None,
    ) -> None:
        self._recipe, self._stock, self._evaluator = recipe, stock, evaluator
        self._atlas = atlas

    @property
    def total(self) -> int:
        """Number of candidates evaluated, and of voices measured, before the first step."""
        return len(self._stock) + 1 if self._atlas else start_total(len(self._stock))

    @property
    def measured(self) -> int:
        """Number of base voices measured so far."""
        return self._atlas.measured_count if self._atlas else 0

    @property
    def is_prepared(self) -> bool:
        """Whether all base voices are measured that must be."""
        return self._atlas is None or self._atlas.is_complete

    def prepare(self, go_on: Callable[[], bool]) -> bool:
        """Measure base voices while `go_on()`; return whether the search can begin."""
        return self._atlas is None or self._atlas.build(go_on)

    def is_over(self, state: Checkpoint) -> bool:
        """Return whether the last candidate was evaluated."""
        return len(state.start_totals) == (1 if self._atlas else self.total)

    def tasks(self, state: Checkpoint) -> list[Task]:
        """Return the remaining base voices, then the remaining blends of the best of them."""
        if self._atlas:
            return [Task(state.evaluations, self._stock[self._nearest()].data, PruningThreshold())]
        evaluated, packs = len(state.start_totals), [pack.data for pack in self._stock.values()]
        if evaluated >= len(packs):
            if state.best_score and evaluated == len(packs):
                first = self._recipe.early_stop * state.best_score.first
                state.threshold = PruningThreshold(first, state.best_score.total)
            packs += [data for _, data in blends(self._stock, state.start_totals)]
        else:
            state.threshold = PruningThreshold()
        left = packs[evaluated : evaluated + MAX_IN_MEMORY]
        return [Task(state.evaluations + n, data, state.threshold) for n, data in enumerate(left)]

    def name(self, state: Checkpoint, number: int) -> str:
        """Return the name of the candidate with this number."""
        if self._atlas:
            return self._nearest()
        if number < len(self._stock):
            return list(self._stock)[number]
        return blends(self._stock, state.start_totals)[number - len(self._stock)][0]

    def base_voice(self, state: Checkpoint) -> str:
        """Return the base voice of the highest score; empty before the first."""
        if self._atlas:
            return state.start_name
        totals = state.start_totals[: len(self._stock)]
        return list(self._stock)[int(np.argmax(totals))] if totals else ""

    def known(self, state: Checkpoint) -> list[tuple[Array, float]]:
        """Return the packs evaluated to choose the start, with their totals."""
        if self._atlas:
            return []
        totals, packs = state.start_totals, [pack.data for pack in self._stock.values()]
        if len(totals) > len(packs):
            packs += [data for _, data in blends(self._stock, totals)]
        return [(pack, total) for pack, total in zip(packs, totals, strict=False) if total]

    def _nearest(self) -> str:
        if self._atlas is None:
            raise StageError("base_voices", "the base voices were not measured.")
        return self._atlas.nearest(self._evaluator.target_embedding)


def start_total(stock: int) -> int:
    """Return how many candidates are evaluated to choose the start among `stock` base voices."""
    parents = min(PARENTS, stock)
    return stock + len(BLENDS) * parents * (parents - 1) // 2


def stock_of(recipe: RunRecipe, student: Student) -> dict[str, VoicePack]:
    """Return the base voices of a search.

    Raises
    ------
    StageError
        `base_voices`: fewer than two.
    """
    names = recipe.base_voices or student.stock_voices()
    if len(set(names)) < MIN_BASE_VOICES:
        raise StageError(
            "base_voices",
            f"a search goes between two base voices or more; of {student.name} there is "
            f"{', '.join(names) or 'none'}.",
        )
    return {name: student.stock_voice(name) for name in names}


def blends(stock: Mapping[str, VoicePack], totals: Sequence[float]) -> list[tuple[str, Array]]:
    """Return names and packs on the lines through the base voices with the best totals."""
    names = list(stock)
    ranked = sorted(range(len(names)), key=lambda n: (-totals[n], n))[:PARENTS]
    return [
        (f"{names[a]}+{names[b]}@{t:g}", interpolate(stock[names[a]], stock[names[b]], t).data)
        for a, b in combinations(ranked, 2)
        for t in BLENDS
    ]
