"""Sound made shorter as it comes, keeping its pitch: overlap-add of similar waves."""

from __future__ import annotations

import numpy as np

from corpus.audio.types import Samples

HOP = 240  # samples, 10 ms: of the result, for each frame taken
REACH = 200  # samples, 8 ms: by which a frame may be moved, so that waves meet; 1/120 s and more


class Tempo:
    """Shortens a stream by a factor (WSOLA, Verhelst and Roelands 1993).

    Each frame of the result, two hops long and faded in and out, is taken from about where it
    belongs in the source: from the place nearby that best continues the frame before it.

    Parameters
    ----------
    factor : float
        Length of the result over that of the source, above 0, at most 1.
    """

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._source: Samples = np.zeros(0, np.float32)
        self._frames = 0  # taken so far
        self._follows = 0  # where in the source the last frame would go on
        self._tail: Samples = np.zeros(HOP, np.float32)  # its second half, faded out
        self._fade = (0.5 - 0.5 * np.cos(np.pi * (np.arange(HOP) + 0.5) / HOP)).astype(np.float32)

    def feed(self, y: Samples) -> Samples:
        """Take in the next samples, shape (n,), float32; return what of the result is ready."""
        self._source = np.concatenate([self._source, y])
        return self._made(len(self._source) - 2 * HOP - REACH)

    def finish(self) -> Samples:
        """Return the rest, so that the result has the source's length times the factor."""
        length = max(0, round(len(self._source) * self._factor) - self._frames * HOP)
        rest = self._made(len(self._source) - 2 * HOP)
        rest = np.concatenate([rest, self._tail + self._ending() * self._fade])
        return np.pad(rest, (0, max(0, length - len(rest))))[:length]

    def _ending(self) -> Samples:
        end = self._source[self._follows : self._follows + HOP]
        return np.pad(end, (0, HOP - len(end)))

    def _made(self, last: int) -> Samples:
        """Return the frames whose places in the source are at most `last`."""
        made: list[Samples] = []
        while (place := round(self._frames * HOP / self._factor)) <= last:
            at = self._similar(place, last) if self._frames else 0
            frame = self._source[at : at + 2 * HOP]
            made.append(self._tail + frame[:HOP] * self._fade if self._frames else frame[:HOP])
            self._tail = frame[HOP:] * self._fade[::-1]
            self._follows = at + HOP
            self._frames += 1
        return np.concatenate(made) if made else np.zeros(0, np.float32)

    def _similar(self, place: int, last: int) -> int:
        """Return the place near `place` where the source is most like what follows."""
        wanted = self._source[self._follows : self._follows + 2 * HOP]
        low, high = max(0, place - REACH), min(place + REACH, last + REACH)
        high = min(high, len(self._source) - 2 * HOP)
        region = self._source[low : high + len(wanted)].astype(np.float64)
        match = np.correlate(region, wanted.astype(np.float64), "valid")
        power = np.cumsum(np.concatenate([[0.0], region**2]))
        power = power[len(wanted) :][: len(match)] - power[: len(match)]
        return low + int(np.argmax(match / np.sqrt(power + 1e-9)))
