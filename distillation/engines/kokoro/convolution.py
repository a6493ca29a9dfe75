"""Convolutions, norms and the fused loops between them, over rows that fit the CPU cache.

Rows are (time, channels): float32, or bfloat16 as its bits in uint16. Each loop, compiled by numba,
reads and writes its rows once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Rows = NDArray[Any]
Float = NDArray[np.float32]
Fill = Callable[[Rows, Rows], None]
Loop = Callable[..., None]

CHUNK = 128 * 1024  # values convolved at once: input, weights and output fit the cache

# sin²(πr), |r| ≤ 1/2, as a polynomial in r² without constant term: least squares at 400
# Chebyshev nodes, maximum error 6e-9.
SINE = tuple(
    np.float32(c)
    for c in (9.86960286, -32.46957834, 42.72533865, -30.08560805, 12.98953585, -3.27138905)
)
_C1, _C2, _C3, _C4, _C5, _C6 = SINE
_ROUNDING = np.float32(1.5 * 2**23)  # adding and subtracting it rounds to the nearest integer
_16, _1, _ALMOST_HALF = np.uint32(16), np.uint32(1), np.uint32(0x7FFF)


class Convolution:
    """A convolution over rows, with weights packed once for oneDNN.

    Parameters
    ----------
    weight : Tensor, shape (out, in, taps)
    bias : Tensor or None, shape (out,)
    dilation : int
    dtype : torch.dtype
        float32 or bfloat16: of weights, input and output.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, *, dilation: int = 1, dtype: torch.dtype
    ) -> None:
        self.outs, self.ins, taps = weight.shape
        self.reach = (taps - 1) * dilation
        self.chunk = max(64, CHUNK // max(self.outs, self.ins))
        self._dilation, self._dtype = dilation, dtype
        self._bias = None if bias is None else bias.detach().to(dtype)
        self._weight = self._packed(weight.detach().to(dtype)[:, :, None])

    @property
    def half(self) -> bool:
        """Whether input and output are bfloat16."""
        return self._dtype.itemsize == 2

    @property
    def passed(self) -> type[np.generic]:
        """Numpy type of the input and output rows."""
        return np.uint16 if self.half else np.float32

    def __call__(self, rows: Rows) -> Rows:
        """Return the convolved rows, `reach` fewer than the input."""
        import torch

        x = torch.from_numpy(rows).view(self._dtype)
        y = self._convolved(x.view(1, 1, *x.shape).permute(0, 3, 1, 2))
        y = y.permute(0, 2, 3, 1).reshape(-1, self.outs)
        return (y.view(torch.uint16) if self.half else y).numpy()

    def _packed(self, weight: Tensor) -> Tensor:
        import torch

        if not torch.backends.mkldnn.is_available():
            return weight.contiguous(memory_format=torch.channels_last)
        size = [1, self.ins, 1, self.chunk + self.reach]
        return torch.ops.aten.mkldnn_reorder_conv2d_weight(
            weight.contiguous().to_mkldnn(), [0, 0], [1, 1], [1, self._dilation], 1, size
        )

    def _convolved(self, x: Tensor) -> Tensor:
        import torch

        dilation = [1, self._dilation]
        if not self._weight.is_mkldnn:
            return torch.conv2d(x, self._weight, self._bias, dilation=dilation)
        return torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self._bias, [0, 0], [1, 1], dilation, 1, "none", [], ""
        )


def convolved(
    conv: Convolution, x: Rows, fill: Fill, *, pad: int | None = None
) -> Iterator[tuple[int, Rows]]:
    """Convolve rows chunk by chunk.

    Parameters
    ----------
    conv : Convolution
        The convolution.
    x : ndarray, shape (n, in)
        Rows, of any type that `fill` accepts.
    fill : callable
        Given some rows of `x`, writes the convolution's input for them to its second argument.
    pad : int, optional
        Rows of zeros before and after; by default the number that preserves the length.

    Yields
    ------
    int, ndarray
        Index of the first row, and the rows.
    """
    pad = conv.reach // 2 if pad is None else pad
    total = len(x) + 2 * pad - conv.reach
    buffer = np.empty((conv.chunk + conv.reach, conv.ins), conv.passed)
    for first in range(0, total, conv.chunk):
        start = first - pad
        stop = min(first + conv.chunk, total) + conv.reach - pad
        low, high = max(start, 0), min(stop, len(x))
        chunk = buffer[: stop - start]
        chunk[: low - start] = 0
        chunk[high - start :] = 0
        fill(x[low:high], chunk[low - start : high - start])
        yield first, conv(chunk)


class Sums:
    """Accumulates mean and variance of each channel by chunks, relative to the first row."""

    def __init__(self, channels: int) -> None:
        self._chunk = np.zeros((3, channels), np.float32)
        self._total = np.zeros((2, channels))
        self._count = 0

    def gather(self, loop: Callable[..., None], *rows: Rows) -> None:
        """Run a loop of `kernels` that sums its rows."""
        if not self._count:
            self._chunk[0] = widened(rows[0][0])
        loop(*rows, self._chunk)
        self._total += self._chunk[1:]
        self._chunk[1:] = 0.0
        self._count += len(rows[0])

    def normed(self, gain: Float, shift: Float, eps: float) -> tuple[Float, Float]:
        """Return gain and shift that normalize each channel, then apply those given."""
        off, power = self._total / self._count
        scale = gain / np.sqrt(power - off * off + eps)
        return scale.astype(np.float32), (shift - (self._chunk[0] + off) * scale).astype(np.float32)


class Norm:
    """Instance norm with the style's affine parameters, as gain and shift per channel."""

    def __init__(self, adain: Any) -> None:
        self._fc, self._eps = adain.fc, adain.norm.eps
        self._own, self._offset = array(adain.norm.weight), array(adain.norm.bias)

    def __call__(self, style: Tensor, sums: Sums) -> tuple[Float, Float]:
        """Return gain and shift for rows with these sums."""
        gamma, beta = array(self._fc(style)).reshape(2, -1)
        return sums.normed((1 + gamma) * self._own, (1 + gamma) * self._offset + beta, self._eps)


def array(tensor: Tensor) -> Float:
    """Return a tensor's values as float32."""
    return np.asarray(tensor.detach().float().numpy())


def widened(rows: Rows) -> Float:
    """Return rows as float32; uint16 rows are the bits of bfloat16."""
    if rows.dtype == np.uint16:
        return (rows.astype(np.uint32) << 16).view(np.float32)
    return rows


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
