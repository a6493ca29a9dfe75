"""Timbre and prosody in turn: what does not move need not be computed anew."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from distillation.search.surrogate import Surrogate


class Halves(Surrogate):
    """`Surrogate` whose batches move one half of the pack, timbre first, then prosody, in turn.

    The half that rests is the same to the bit in all of a batch: while timbre moves, an engine
    may keep durations, pitch and energy of the texts by it, as `kokoro_network` does.
    """

    name: ClassVar[str] = "halves"

    def _moving(self, batch: int) -> NDArray[np.bool_]:
        return self._space.timbre if batch % 2 == 0 else ~self._space.timbre
