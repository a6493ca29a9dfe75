"""Bayesian optimization by a Gaussian process over the voices' subspace, or half by half."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from distillation.search.base import Array, Known, SearchError, State, rng_from_json, rng_to_json
from distillation.search.subspace import Subspace, Vector

LENGTHS = (0.2, 0.3, 0.5, 1.0, 2.0)  # kernel length scales, times the root of the dimensions
STRETCHES = (1.0, 2.0, 4.0)  # factor on the length scale along the slow coordinates
NOISES = (1e-3, 1e-2, 5e-2, 0.2)  # noise variance, relative to the process's own

DIRECTIONS = (8, 4)  # minimum of timbre and prosody
MEMORY = 200  # points in the model: half of them the best, half the newest
TRIES, BETTER_TRIES = 500, 300  # points tried per candidate, first and then near the best of them
RADIUS = (0.1, 1.5)  # minimum and maximum trust-region radius, in spreads
GROW, SHRINK = 1.6, 0.7
BATCH = 4
EXPLORATION = 0.5  # weight of the standard deviation in the upper confidence bound
BEHIND = 30.0  # score points: anything further behind the best counts as this far behind
BELOW_CEILING = 6.0  # assumed shortfall of a dropped candidate from its ceiling, roughly
BELOW_BEST = 3.0  # assumed minimum shortfall of a dropped candidate from the best


class Surrogate:
    """Proposes candidates by the upper confidence bound of a Gaussian process over the scores.

    The first candidate of a batch has the highest upper confidence bound near the voice with the
    best expected score; the next ones assume that those before scored as expected. The radius of
    "near" grows with success and shrinks with failure; below its minimum, it is reset.

    Parameters
    ----------
    start : ndarray, shape (rows, 1, 256), float32
    start_score : float
        Score of `start`, 0-100.
    population : ndarray, shape (n, rows, 1, 256), float32
        The base voices, n ≥ 2.
    diversity : (float, float)
        Not used: the step size is adapted.
    seed : int
        Equal seeds and scores give equal candidates.
    known : sequence of (ndarray, float)
        Packs scored while the start was chosen: the model's first points.

    References
    ----------
    Srinivas et al. 2010, Gaussian process optimization in the bandit setting (upper bound);
    Ginsbourger et al. 2010, Kriging is well-suited to parallelize optimization (batches);
    Eriksson et al. 2019, Scalable global optimization via local Bayesian optimization (radius).
    """

    name: ClassVar[str] = "surrogate"

    def __init__(
        self,
        *,
        start: Array,
        start_score: float,
        population: Array,
        diversity: tuple[float, float],  # noqa: ARG002
        seed: int,
        known: Known = (),
    ) -> None:
        self._space = Subspace(start, population, least=DIRECTIONS)
        self._points = [self._space.coordinates(pack) for pack, _ in known]
        self._values = [max(total, start_score - BEHIND) for _, total in known]
        if len(known) < 2:  # too few to model: add the start, and a slightly worse centre
            self._points += [self._space.origin, np.zeros_like(self._space.origin)]
            self._values += [start_score, start_score - 1.0]
        self._best_score = start_score
        self._rng = np.random.default_rng(seed)
        self._planned: deque[Vector] = deque()
        self._asked = 0  # number of planned candidates asked
        self._batches = 0
        self._radius, self._successes, self._failures = 1.0, 0, 0
        self._floor = start_score - BEHIND

    @property
    def batch(self) -> int:
        return len(self._planned) - self._asked if self._planned else BATCH

    @property
    def floor(self) -> float:
        return self._floor

    def ask(self) -> Array:
        if not self.batch:
            raise SearchError("tell the scores of this batch before asking for the next.")
        if not self._planned:
            self._plan()
        self._asked += 1
        return self._space.pack(self._planned[self._asked - 1])

    def tell(self, score: float | None, *, ceiling: float = 0.0) -> bool:
        if not self._asked:
            raise SearchError("ask for a candidate before telling its score.")
        self._asked -= 1
        self._points.append(self._planned.popleft())
        value = (
            min(ceiling - BELOW_CEILING, self._best_score - BELOW_BEST) if score is None else score
        )
        self._values.append(max(value, self._floor))
        better = score is not None and score > self._best_score
        if better and score is not None:
            self._best_score = score
        self._adapt_radius(better=better)
        if not self._planned:
            self._floor = self._best_score - BEHIND
            self._limit_memory()
        return better

    def state(self) -> State:
        return {
            "points": np.array(self._points),
            "values": np.array(self._values),
            "planned": np.array(self._planned).reshape(-1, len(self._space.origin)),
            "batches": self._batches,
            "best_score": self._best_score,
            "floor": self._floor,
            "radius": self._radius,
            "successes": self._successes,
            "failures": self._failures,
            "rng": rng_to_json(self._rng),
        }

    def restore(self, state: State) -> None:
        self._points = list(np.asarray(state["points"], np.float64))
        self._values = np.atleast_1d(state["values"]).tolist()
        self._planned = deque(np.asarray(state["planned"], np.float64))
        self._asked = 0
        self._batches = int(state["batches"])
        self._best_score, self._floor = float(state["best_score"]), float(state["floor"])
        self._radius = float(state["radius"])
        self._successes, self._failures = int(state["successes"]), int(state["failures"])
        self._rng = rng_from_json(str(state["rng"]))

    def _moving(self, batch: int) -> NDArray[np.bool_]:  # noqa: ARG002
        """Return which coordinates the candidates of this batch may move."""
        return np.ones(len(self._space.origin), bool)

    def _plan(self) -> None:
        points, values = np.array(self._points), _warped(np.array(self._values))
        prosody = ~self._space.timbre
        model = GaussianProcess(points, values, slow=prosody)
        moving = self._moving(self._batches)
        for _ in range(BATCH):
            centre = points[np.argmax(model(points)[0])]
            point = self._promising(model, centre, moving)
            self._planned.append(point)
            points = np.vstack([points, point])
            values = np.append(values, model(point[None])[0])
            model = GaussianProcess(points, values, slow=prosody, like=model)
        self._batches += 1

    def _promising(
        self, model: GaussianProcess, centre: Vector, moving: NDArray[np.bool_]
    ) -> Vector:
        """Return the point around `centre` with the highest upper confidence bound."""
        rng, size = self._rng, (TRIES, len(centre))
        reach = self._radius * np.exp(rng.uniform(np.log(0.1), 0.0, (TRIES, 1)))
        some = rng.random(size) < rng.choice([1.0, 0.5, 0.25], (TRIES, 1))
        tries = self._within(centre + rng.standard_normal(size) * reach * some * moving)
        for closer in (0.15, 0.05):
            best = tries[np.argsort(-_upper_bound(model, tries))[:20]]
            steps = rng.standard_normal((BETTER_TRIES, len(centre))) * self._radius * closer
            around = best[rng.integers(len(best), size=BETTER_TRIES)] + steps * moving
            tries = np.vstack([best, self._within(around)])
        return tries[np.argmax(_upper_bound(model, tries))]

    def _within(self, points: Vector) -> Vector:
        return np.clip(points, self._space.low, self._space.high)

    def _adapt_radius(self, *, better: bool) -> None:
        """Widen the radius after two successes in a row, narrow it after many failures."""
        self._successes = self._successes + 1 if better else 0
        self._failures = 0 if better else self._failures + 1
        if self._successes == 2:
            self._radius, self._successes = min(RADIUS[1], self._radius * GROW), 0
        if self._failures >= len(self._space.origin):
            self._failures = 0
            narrowed = self._radius * SHRINK
            self._radius = 1.0 if narrowed < RADIUS[0] else narrowed

    def _limit_memory(self) -> None:
        """Keep the best `MEMORY` / 2 points and as many of the newest."""
        if len(self._values) > MEMORY:
            newest = range(len(self._values) - MEMORY // 2, len(self._values))
            best = np.argsort(-np.array(self._values), kind="stable")[: MEMORY // 2]
            kept = sorted({*newest, *best.tolist()})
            self._points = [self._points[n] for n in kept]
            self._values = [self._values[n] for n in kept]


def _warped(values: Vector) -> Vector:
    """Return scores (0-100) on a log scale that expands differences near the top."""
    return np.asarray(-np.log(np.maximum(101.0 - values, 0.5)))


def _upper_bound(model: GaussianProcess, points: Vector) -> Vector:
    mean, deviation = model(points)
    return mean + EXPLORATION * deviation


class GaussianProcess:
    """Constant mean and a Gaussian kernel of one length scale, longer along `slow` coordinates.

    Length scale, stretch and noise maximize the likelihood over a grid; mean and variance have
    closed-form estimates given these.

    Parameters
    ----------
    points : ndarray, shape (n, k)
    values : ndarray, shape (n,)
        Two or more.
    slow : ndarray, shape (k,), bool
        Coordinates along which the values may change more slowly.
    like : GaussianProcess, optional
        Take length scale, stretch and noise from this process instead of searching the grid.

    References
    ----------
    Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, 2.2, 5.4.
    """

    def __init__(
        self,
        points: Vector,
        values: Vector,
        *,
        slow: NDArray[np.bool_],
        like: GaussianProcess | None = None,
    ) -> None:
        self._shift, self._scale = float(values.mean()), float(values.std()) + 1e-9
        wanted = (values - self._shift) / self._scale
        self._likelihood = -np.inf
        self._lengths: Vector
        self._noise: float
        for lengths in [like._lengths] if like else _grid(slow):
            reduced = points / lengths
            spectrum, vectors = np.linalg.eigh(_kernel(reduced, reduced))
            for noise in (like._noise,) if like else NOISES:
                better = self._fit(noise, np.maximum(spectrum, 0.0) + noise, vectors, wanted)
                if better:
                    self._lengths, self._points = lengths, reduced

    def _fit(self, noise: float, spectrum: Vector, vectors: Vector, wanted: Vector) -> bool:
        """Keep this fit if its likelihood is higher than that of the previous ones; return that."""
        ones, turned = vectors.sum(axis=0), wanted @ vectors
        mean = float((ones * turned / spectrum).sum() / (ones * ones / spectrum).sum())
        rest = turned - mean * ones
        variance = float((rest * rest / spectrum).mean()) + 1e-12
        likelihood = -0.5 * (len(wanted) * np.log(variance) + np.log(spectrum).sum())
        if likelihood <= self._likelihood:
            return False
        self._likelihood, self._noise = likelihood, noise
        self._mean, self._variance = mean, variance
        self._weights, self._half = vectors @ (rest / spectrum), vectors / np.sqrt(spectrum)
        return True

    def __call__(self, points: Vector) -> tuple[Vector, Vector]:
        """Return the expected values at these points, and their standard deviations."""
        near = _kernel(points / self._lengths, self._points)
        known = np.square(near @ self._half).sum(axis=1)
        deviation = np.sqrt(self._variance * np.maximum(1.0 - known, 1e-9))
        mean = self._mean + near @ self._weights
        return self._shift + self._scale * mean, self._scale * deviation


def _grid(slow: NDArray[np.bool_]) -> list[Vector]:
    root = np.sqrt(len(slow))
    return [
        length * root * np.where(slow, stretch, 1.0) for stretch in STRETCHES for length in LENGTHS
    ]


def _kernel(a: Vector, b: Vector) -> Vector:
    squares = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2.0 * a @ b.T
    return np.asarray(np.exp(-0.5 * np.maximum(squares, 0.0)))


class Halves(Surrogate):
    """`Surrogate` whose batches alternate between the halves of the pack, timbre first.

    The other half is bit-identical within a batch: while timbre moves, an engine may cache the
    durations, pitch and energy of the texts, as Kokoro's network does.
    """

    name: ClassVar[str] = "halves"

    def _moving(self, batch: int) -> NDArray[np.bool_]:
        return self._space.timbre if batch % 2 == 0 else ~self._space.timbre
