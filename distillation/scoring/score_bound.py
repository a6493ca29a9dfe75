"""Bound: the best total a voice can still reach after some of its texts were heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from distillation.scoring.harmonic import harmonic_score

PARTS = 128  # of the arc between target and voice
SLACK = 1e-4  # points; single precision rounds the similarities of a score
Vector = NDArray[np.floating]


def total_bound(
    heard: Sequence[Vector],
    target: Vector,
    *,
    texts: int,
    weights: Mapping[str, float],
    first_alone: bool,
    feature: float = 1.0,
) -> float:
    """Return a total, 0-100, that no voice can exceed whose first texts were so heard.

    A text not heard yet may lie at an angle a from the target and b from what was heard, and
    ``a + b`` is no less than the angle between these two: it cannot be at both at once.
    Along that arc the best is sought part by part, each part at the better end of both, so
    that the bound is never too low.

    Parameters
    ----------
    heard : sequence of ndarray, shape (n,)
        Unit embeddings without negative entries, one or more.
    target : ndarray, shape (n,)
        Such an embedding, or a mean of several.
    texts : int
        How many the voice speaks in all.
    weights : mapping
        Of `target`, `self` and `feature`.
    first_alone : bool
        Whether only the first text is compared with the target.
    feature : float
        Feature similarity, 0-1; 1 where it is not known yet.
    """
    missing = texts - len(heard)
    near, steady = _arc(np.sum(heard, axis=0, dtype=np.float64), np.asarray(target, np.float64))
    known = [float(one @ target) for one in heard]
    if first_alone:
        near, steady = np.full(1, known[0]), steady.max(keepdims=True)
    else:
        near = (sum(known) + missing * near) / texts
    pairs = sum(float(a @ b) for a, b in combinations(heard, 2))
    pairs += missing * (missing - 1) / 2
    steady = (pairs + missing * steady) / (texts * (texts - 1) / 2)
    totals = [
        harmonic_score({"target": min(a, 1.0), "self": min(b, 1.0), "feature": feature}, weights)
        for a, b in _frontier(near, steady)
    ]
    return max(totals) + SLACK


def _arc(voice: Vector, target: Vector) -> tuple[Vector, Vector]:
    """Return the products with target and voice that a unit vector may reach, part by part."""
    lengths = float(np.linalg.norm(voice)), float(np.linalg.norm(target))
    cosine = float(voice @ target) / (lengths[0] * lengths[1])
    edges = np.linspace(0.0, np.arccos(np.clip(cosine, -1.0, 1.0)), PARTS + 1)
    return lengths[1] * np.cos(edges[:-1]), lengths[0] * np.cos(edges[-1] - edges[1:])


def _frontier(near: Vector, steady: Vector) -> list[tuple[float, float]]:
    return list(zip(near.tolist(), steady.tolist(), strict=True))
