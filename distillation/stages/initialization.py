"""Initial voices of a search: the base voices, then interpolations of the best of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from distillation.engines import MIN_BASE_VOICES
from distillation.engines.base import Student
from distillation.recipe import RunRecipe
from distillation.search import Array
from distillation.stages.base import StageError
from distillation.voicepack import VoicePack, interpolate

PARENTS = 3  # number of best stock voices that are interpolated
BLENDS = (0.25, 0.5, 0.75, -0.25, 1.25)  # positions on the line through two of them


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
