"""Fused loops over rows in the cache, between two convolutions of Kokoro; compiled by numba.

Rows are (time, channels): float32, or bfloat16 as its bits in uint16. Each loop reads and writes
its rows once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

Loop = Callable[..., None]

# sin²(πr), |r| ≤ 1/2, as a polynomial in r² without constant term: least squares at 400
# Chebyshev nodes, maximum error 6e-9.
SINE = tuple(
    np.float32(c)
    for c in (9.86960286, -32.46957834, 42.72533865, -30.08560805, 12.98953585, -3.27138905)
)
_C1, _C2, _C3, _C4, _C5, _C6 = SINE
_ROUNDING = np.float32(1.5 * 2**23)  # adding and subtracting it rounds to the nearest integer
_16, _1, _ALMOST_HALF = np.uint32(16), np.uint32(1), np.uint32(0x7FFF)


class Kernels(NamedTuple):
    """Compiled loops. "Passed" rows are passed between convolutions; the others are float32.

    Attributes
    ----------
    snake : (rows, table, passed)
        Scale and shift per channel, then Snake; `table` has the rows gain, shift, alpha / π and
        1 / alpha.
    snake_passed : (passed, table, passed)
        The same for passed rows.
    leaky : (rows, table, slope, passed)
        Scale and shift per channel, then leaky ReLU; `table` has the rows gain and shift.
    leaky_passed : (passed, table, slope, passed)
        The same for passed rows.
    measure : (rows, sums)
        Updates `sums` with the rows.
    keep : (passed, passed, sums)
        Copies the first to the second and updates `sums` with it.
    add : (rows, passed, sums)
        Adds the second to the first and updates `sums` with the result.
    begin : (rows, passed, rows, sums)
        Writes the sum of the first two to the third and updates `sums` with it.
    finish : (rows, passed, rows)
        Adds the first two to the third.

    `sums`, float32, has the rows pivot, sum of x - pivot, sum of (x - pivot)².
    """

    snake: Loop
    snake_passed: Loop
    leaky: Loop
    leaky_passed: Loop
    measure: Loop
    keep: Loop
    add: Loop
    begin: Loop
    finish: Loop


@cache
def kernels(*, half: bool) -> Kernels:
    """Return the loops for passed rows in bfloat16 or float32; each is compiled on first call."""
    from numba import njit

    fast = {"contract", "nsz"}
    same, read, write = (
        njit(function, inline="always", fastmath=fast)
        for function in (_same, _widened if half else _same, _rounded if half else _same)
    )
    loops = (
        _snake(same, write), _snake(read, write), _leaky(same, write), _leaky(read, write),
        _measure, _keep(read), _add(read), _begin(read), _finish(read),
    )  # fmt: skip
    made = [njit(loop, fastmath=fast, nogil=True) for loop in loops]
    if not half:
        made[1], made[3] = made[0], made[2]
    return Kernels(*made)


def _same(value: Any) -> Any:
    return value


def _widened(value: Any) -> Any:
    return np.uint32(np.uint32(value) << _16).view(np.float32)


def _rounded(value: Any) -> Any:
    """Return the nearest bfloat16, ties to even, as its bits."""
    bits = np.float32(value).view(np.uint32)
    return np.uint16(np.uint32(bits + _ALMOST_HALF + np.uint32((bits >> _16) & _1)) >> _16)


def _snake(read: Any, write: Any) -> Loop:
    def snake(x: Any, table: Any, out: Any) -> None:
        for t in range(x.shape[0]):
            for c in range(x.shape[1]):
                y = read(x[t, c]) * table[0, c] + table[1, c]
                turns = y * table[2, c]
                r = turns - ((turns + _ROUNDING) - _ROUNDING)
                q = r * r
                wave = q * (_C1 + q * (_C2 + q * (_C3 + q * (_C4 + q * (_C5 + q * _C6)))))
                out[t, c] = write(y + wave * table[3, c])

    return snake


def _leaky(read: Any, write: Any) -> Loop:
    def leaky(x: Any, table: Any, slope: Any, out: Any) -> None:
        for t in range(x.shape[0]):
            for c in range(x.shape[1]):
                y = read(x[t, c]) * table[0, c] + table[1, c]
                out[t, c] = write(max(y, y * slope))

    return leaky


def _measure(x: Any, sums: Any) -> None:
    for t in range(x.shape[0]):
        for c in range(x.shape[1]):
            off = x[t, c] - sums[0, c]
            sums[1, c] += off
            sums[2, c] += off * off


def _keep(read: Any) -> Loop:
    def keep(y: Any, out: Any, sums: Any) -> None:
        for t in range(y.shape[0]):
            for c in range(y.shape[1]):
                out[t, c] = y[t, c]
                off = read(y[t, c]) - sums[0, c]
                sums[1, c] += off
                sums[2, c] += off * off

    return keep


def _add(read: Any) -> Loop:
    def add(x: Any, y: Any, sums: Any) -> None:
        for t in range(x.shape[0]):
            for c in range(x.shape[1]):
                value = x[t, c] + read(y[t, c])
                x[t, c] = value
                off = value - sums[0, c]
                sums[1, c] += off
                sums[2, c] += off * off

    return add


def _begin(read: Any) -> Loop:
    def begin(x: Any, y: Any, out: Any, sums: Any) -> None:
        for t in range(x.shape[0]):
            for c in range(x.shape[1]):
                value = x[t, c] + read(y[t, c])
                out[t, c] = value
                off = value - sums[0, c]
                sums[1, c] += off
                sums[2, c] += off * off

    return begin


def _finish(read: Any) -> Loop:
    def finish(x: Any, y: Any, out: Any) -> None:
        for t in range(x.shape[0]):
            for c in range(x.shape[1]):
                out[t, c] += x[t, c] + read(y[t, c])

    return finish
