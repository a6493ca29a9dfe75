"""Windows of several requests decoded in one call, on a GPU: those that came while it was busy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from distillation.engines.kokoro.network import Prosody

Decode = Callable[[Sequence["Prosody"], Sequence["Tensor"]], Sequence["Tensor"]]


class _Asked:
    """A window that a thread wants decoded, and what came of it."""

    def __init__(self, prosody: Prosody, timbre: Tensor) -> None:
        self.prosody = prosody
        self.timbre = timbre
        self.samples: Tensor | None = None
        self.error: BaseException | None = None


class Batches:
    """Decodes for several threads: a window waits for the call under way, then for no other.

    Whoever comes first after a call takes along all that wait with windows of the same length, so
    a request that is alone is decoded at once, and under load batches form by themselves. Windows
    of other lengths are not padded: the decoder's norms would average over the padding.

    Parameters
    ----------
    decode : callable
        Maps prosodies of equal length, and timbre halves, to the samples of each.
    most : int
        Windows it decodes in one call.
    """

    def __init__(self, decode: Decode, most: int) -> None:
        self._decode = decode
        self._most = most
        self._waiting: list[_Asked] = []
        self._changing = threading.Lock()
        self._decoding = threading.Lock()

    def __call__(self, prosody: Prosody, timbre: Tensor) -> Tensor:
        """Return the samples of one window, shape (n,)."""
        asked = _Asked(prosody, timbre)
        with self._changing:
            self._waiting.append(asked)
        with self._decoding:
            if asked.samples is None and asked.error is None:
                self._serve(self._alike(asked))
        if asked.error is not None:
            raise asked.error
        assert asked.samples is not None  # noqa: S101  # served
        return asked.samples

    def _alike(self, first: _Asked) -> list[_Asked]:
        """Take a window from those that wait, and others of its length."""
        with self._changing:
            others = [
                one
                for one in self._waiting
                if one is not first and one.prosody.f0.shape == first.prosody.f0.shape
            ]
            found = [first, *others[: self._most - 1]]
            self._waiting = [one for one in self._waiting if one not in found]
        return found

    def _serve(self, found: Sequence[_Asked]) -> None:
        try:
            decoded = self._decode([one.prosody for one in found], [one.timbre for one in found])
        except Exception as error:
            for one in found:
                one.error = error
        else:
            for one, samples in zip(found, decoded, strict=True):
                one.samples = samples
