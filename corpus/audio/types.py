"""The Audio type: mono samples with their sample rate, shared by all packages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class AudioError(ValueError):
    """Unusable audio; `code` is stable, the message says what to do, `detail` names a codec."""

    def __init__(self, code: str, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.code, self.detail = code, detail


@dataclass(frozen=True, eq=False)
class Audio:
    """Mono audio.

    Attributes
    ----------
    y : ndarray, shape (n,), float32
        Samples, nominal range -1…1.
    sr : int
        Sample rate, Hz.
    """

    y: Samples
    sr: int

    def __post_init__(self) -> None:
        if self.y.ndim != 1 or self.y.dtype != np.float32:
            raise TypeError(f"mono float32 samples wanted, not {self.y.dtype} {self.y.shape}")

    @property
    def duration_s(self) -> float:
        return len(self.y) / self.sr

    def part(self, start_s: float, end_s: float) -> Audio:
        """Return the samples between two times, s."""
        y = self.y[round(start_s * self.sr) : round(end_s * self.sr)]
        return Audio(np.ascontiguousarray(y), self.sr)
