"""Convolutions and norms over rows of channels, in chunks that fit the CPU cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Rows = NDArray[Any]  # (time, channels): float32, or bfloat16 as its bits in uint16
Float = NDArray[np.float32]
Fill = Callable[[Rows, Rows], None]

CHUNK = 128 * 1024  # values convolved at once: input, weights and output fit the cache


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
