"""Kokoro's generator on a CPU, 90 % of the cost, computed over rows in the cache.

The operations between two convolutions are fused into one loop (`convolution.kernels`) that reads
and writes each sample once, and sums it for the following norm.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from distillation.engines.kokoro.convolution import (
    Convolution,
    Float,
    Norm,
    Rows,
    Sums,
    array,
    convolved,
    kernels,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor

SLOPE, LAST_SLOPE = 0.1, 0.01


class Generator:
    """The generator of Kokoro's decoder, with packed weights.

    Parameters
    ----------
    generator : kokoro.istftnet.Generator
        With weight norm folded.
    dtype : torch.dtype
        Of the convolutions in residual blocks and upsampling, and of the values passed between
        them; the rest is float32.
    """

    def __init__(self, generator: Any, dtype: torch.dtype) -> None:
        import torch

        self._kernels = generator.num_kernels
        self._blocks = [Block(one, dtype) for one in generator.resblocks]
        self._sources = [Source(one) for one in generator.noise_convs]
        self._source_blocks = [Block(one, dtype) for one in generator.noise_res]
        self._ups = [Up(one, dtype) for one in generator.ups]
        post = generator.conv_post
        self._post = Convolution(post.weight, post.bias, dtype=torch.float32)
        self._inverse = Inverse(generator.stft)

    def __call__(self, x: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """Return samples, computed one voice after another.

        Parameters
        ----------
        x : Tensor, shape (voices, channels, n)
            Output of the decoder's blocks.
        source : Tensor, shape (voices, 22, 60 n + 1)
            Spectrum and phase of harmonics and noise.
        style : Tensor, shape (voices, 128)
            The timbre halves.

        Returns
        -------
        Tensor, shape (voices, 300 n), float32
        """
        import torch

        voices = zip(x, source, style, strict=True)
        return torch.stack([self._one(_rows(a), _rows(b), c[None]) for a, b, c in voices])

    def _one(self, x: Float, source: Float, style: Tensor) -> Tensor:
        gain = 1.0
        for index, up in enumerate(self._ups):
            last = index == len(self._ups) - 1
            raised = self._sources[index](source)
            self._source_blocks[index](raised, _measured(raised), style, raised, more=False)
            sums = up(x, gain, raised, shift=int(last))
            x, gain = np.empty_like(raised), 1.0 / self._kernels
            for number in range(self._kernels):
                block = self._blocks[index * self._kernels + number]
                block(raised, sums, style, x, more=number > 0)
        return self._inverse(self._spectrum(x, gain))

    def _spectrum(self, x: Float, gain: float) -> Float:
        loops, table = kernels(half=False), _flat(x.shape[1], gain)
        slope = np.float32(LAST_SLOPE)
        out = np.empty((len(x), self._post.outs), np.float32)
        for first, y in convolved(self._post, x, lambda a, b: loops.leaky(a, table, slope, b)):
            out[first : first + len(y)] = y
        return out


class Step:
    """AdaIN, Snake, convolution."""

    def __init__(self, conv: Any, adain: Any, alpha: Tensor, dtype: torch.dtype) -> None:
        self.conv = Convolution(conv.weight, conv.bias, dilation=conv.dilation[0], dtype=dtype)
        self._norm = Norm(adain)
        waves = array(alpha).reshape(-1)
        self._waves = waves / np.float32(np.pi), 1 / waves

    def table(self, style: Tensor, sums: Sums) -> Float:
        """Return gain, shift, alpha / π and 1 / alpha for rows with these sums."""
        return np.stack([*self._norm(style, sums), *self._waves])


class Block:
    """A residual block: three times two steps of AdaIN, Snake, convolution (`AdaINResBlock1`).

    Parameters
    ----------
    block : AdaINResBlock1
        With weight norm folded.
    dtype : torch.dtype
        Of the convolutions and the values passed between them; the residual is float32.
    """

    def __init__(self, block: Any, dtype: torch.dtype) -> None:
        parts = zip(
            block.convs1, block.convs2, block.adain1, block.adain2, block.alpha1, block.alpha2,
            strict=True,
        )  # fmt: skip
        self._steps = [
            (Step(conv1, norm1, alpha1, dtype), Step(conv2, norm2, alpha2, dtype))
            for conv1, conv2, norm1, norm2, alpha1, alpha2 in parts
        ]
        self._passed = self._steps[0][0].conv.passed
        self._loops = kernels(half=self._steps[0][0].conv.half)

    def __call__(self, x: Float, sums: Sums, style: Tensor, out: Float, *, more: bool) -> None:
        """Write the block's output for `x`, given its sums, to `out`; add to it if `more`.

        `out` may be `x`, but not with `more`.
        """
        inner = np.empty(x.shape, self._passed)
        kept = np.empty_like(x) if more else out
        for first, second in self._steps:
            between = self._inwards(first, x, first.table(style, sums), inner)
            outwards = self._outwards(second, inner, second.table(style, between))
            if more and second is self._steps[-1][1]:
                for part, y in outwards:
                    self._loops.finish(x[part], y, out[part])
            else:
                sums = self._gathered(outwards, x, kept)
            x = kept

    def _inwards(self, step: Step, x: Float, table: Float, inner: Rows) -> Sums:
        sums = Sums(len(table[0]))
        for first, y in convolved(step.conv, x, lambda a, b: self._loops.snake(a, table, b)):
            sums.gather(self._loops.keep, y, inner[first : first + len(y)])
        return sums

    def _outwards(self, step: Step, inner: Rows, table: Float) -> Iterator[tuple[slice, Rows]]:
        snake = self._loops.snake_passed
        for first, y in convolved(step.conv, inner, lambda a, b: snake(a, table, b)):
            yield slice(first, first + len(y)), y

    def _gathered(self, outwards: Iterator[tuple[slice, Rows]], x: Float, kept: Float) -> Sums:
        sums = Sums(x.shape[1])
        for part, y in outwards:
            if kept is x:
                sums.gather(self._loops.add, x[part], y)
            else:
                sums.gather(self._loops.begin, x[part], y, kept[part])
        return sums


class Up:
    """A transposed convolution as a plain one that outputs `rate` rows side by side per row."""

    def __init__(self, up: Any, dtype: torch.dtype) -> None:
        self._rate, self._crop = up.stride[0], up.padding[0]
        ins, self._outs, taps = up.weight.shape
        steps = taps // self._rate  # input rows that contribute to an output row
        weight = up.weight.detach().reshape(ins, self._outs, steps, self._rate)
        weight = weight.flip(2).permute(3, 1, 0, 2).reshape(-1, ins, steps)
        self._conv = Convolution(weight, up.bias.detach().repeat(self._rate), dtype=dtype)
        self._loops = kernels(half=self._conv.half)

    def __call__(self, x: Float, gain: float, out: Float, *, shift: int) -> Sums:
        """Add the upsampled leaky ReLU of `x` times `gain` to `out`; return the sums of `out`.

        With `shift` 1 it is padded at the start by reflecting one row.
        """
        sums, table, slope = Sums(self._outs), _flat(x.shape[1], gain), np.float32(SLOPE)
        leaky = self._loops.leaky
        parts = convolved(
            self._conv, x, lambda a, b: leaky(a, table, slope, b), pad=self._conv.reach
        )
        for first, y in parts:
            rows = y.reshape(-1, self._outs)
            at = first * self._rate - self._crop + shift
            start, stop = max(at, shift), min(at + len(rows), len(out))
            if shift and first == 0:
                sums.gather(self._loops.add, out[:1], rows[self._crop + 1 :][:1])
            sums.gather(self._loops.add, out[start:stop], rows[start - at : stop - at])
        return sums


class Source:
    """The strided convolution that brings the source to a stage's rate, as one matrix product."""

    def __init__(self, conv: Any) -> None:
        self._stride, self._pad = conv.stride[0], conv.padding[0]
        outs, _, self._taps = conv.weight.shape
        self._weight = conv.weight.detach().permute(2, 1, 0).reshape(-1, outs).contiguous()
        self._bias = conv.bias.detach()

    def __call__(self, source: Float) -> Float:
        import torch

        padded = np.pad(source, ((self._pad, self._pad), (0, 0)))
        ins = padded.shape[1]
        count = (len(padded) - self._taps) // self._stride + 1
        rows = torch.from_numpy(padded).as_strided(
            (count, self._taps * ins), (self._stride * ins, 1)
        )
        return array(torch.addmm(self._bias, rows, self._weight))


class Inverse:
    """The inverse short-time Fourier transform, as a matrix product and overlap-add of rows."""

    def __init__(self, stft: Any) -> None:
        import torch

        size, self._hop = stft.filter_length, stft.hop_length
        window = stft.window.numpy()
        bins = size // 2 + 1
        basis = np.concatenate(
            [np.fft.irfft(np.eye(bins), size), np.fft.irfft(1j * np.eye(bins), size)]
        )
        self._basis = torch.from_numpy((basis * window).astype(np.float32))
        self._power, self._size = window**2, size

    def __call__(self, spectrum: Float) -> Tensor:
        """Return samples; each row has log magnitudes, then values whose sines are the phases."""
        import torch

        magnitude, phase = torch.from_numpy(spectrum).chunk(2, dim=1)
        magnitude, phase = magnitude.exp(), phase.sin()
        parts = torch.cat([magnitude * phase.cos(), magnitude * phase.sin()], dim=1)
        frames = (parts @ self._basis).numpy()
        power = self._overlapped(np.broadcast_to(self._power, frames.shape))
        inside = slice(self._size // 2, len(power) - self._size // 2)  # outside, windows are zero
        return torch.from_numpy(self._overlapped(frames)[inside] / power[inside])

    def _overlapped(self, frames: Float) -> Float:
        steps = self._size // self._hop
        out = np.zeros((len(frames) + steps - 1, self._hop), np.float32)
        for step in range(steps):
            part = frames[:, step * self._hop : (step + 1) * self._hop]
            out[step : step + len(frames)] += part
        return out.reshape(-1)


def _flat(channels: int, gain: float) -> Float:
    return np.stack([np.full(channels, gain, np.float32), np.zeros(channels, np.float32)])


def _measured(x: Float) -> Sums:
    sums = Sums(x.shape[1])
    for first in range(0, len(x), 1024):
        sums.gather(kernels(half=False).measure, x[first : first + 1024])
    return sums


def _rows(x: Tensor) -> Float:
    return array(x.t().contiguous())
