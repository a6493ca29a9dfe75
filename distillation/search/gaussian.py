"""A Gaussian process: what a few scores say about the points between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

LENGTHS = (0.2, 0.3, 0.5, 1.0, 2.0)  # of the kernel, times the root of the dimensions
STRETCHES = (1.0, 2.0, 4.0)  # how much longer along the slow coordinates
NOISES = (1e-3, 1e-2, 5e-2, 0.2)  # variance beside the process's own


class GaussianProcess:
    """Constant mean and a Gaussian kernel of one length, longer along the `slow` coordinates.

    Length, stretch and noise are those of the grid under which the values are most likely;
    mean and variance follow from them.

    Parameters
    ----------
    points : ndarray, shape (n, k)
    values : ndarray, shape (n,)
        Two or more.
    slow : ndarray, shape (k,), bool
        Coordinates along which the values may change more slowly.
    like : GaussianProcess, optional
        Take length, stretch and noise from there instead of looking for them.

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
        """Keep this fit where the values are likelier than under those before; say whether."""
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
