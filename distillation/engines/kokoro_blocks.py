"""The generator's residual blocks: nine tenths of Kokoro's cost, with fewer passes over memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

CACHE_SAMPLES = 64 * 1024  # float32 samples worked on at once: 256 KB, so that they stay in cache


def fold_weight_norm(module: Any) -> None:
    """Compute each weight-normed weight once instead of at every call; the values are the same."""
    from torch.nn.utils import remove_weight_norm

    for part in module.modules():
        if hasattr(part, "weight_g"):
            remove_weight_norm(part)


class Block:
    """A residual block of AdaIN, Snake and convolution, thrice twice, as `AdaINResBlock1` has it.

    Instance norm, style affine and Snake are one scale and shift a channel and one sine; they
    are done for a few channels at a time, in the processor's cache, and written in the type of
    the convolution that follows.

    Parameters
    ----------
    block : AdaINResBlock1
        Weight norm folded.
    dtype : torch.dtype
        Of the convolutions; sums, norms and sines are float32.
    """

    def __init__(self, block: Any, dtype: torch.dtype) -> None:
        block.convs1.to(dtype)
        block.convs2.to(dtype)
        self._dtype = dtype
        self._steps = list(
            zip(
                block.convs1, block.convs2, block.adain1, block.adain2,
                [alpha.detach().reshape(-1, 1) for alpha in block.alpha1],
                [alpha.detach().reshape(-1, 1) for alpha in block.alpha2],
                strict=True,
            )
        )  # fmt: skip

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        """Return the block's output, (1, channels, length) float32; `x` is left as it was."""
        x = x.clone()
        for conv1, conv2, norm1, norm2, alpha1, alpha2 in self._steps:
            inner = conv1(self._styled(x, norm1, style, alpha1))
            _add(x, conv2(self._styled(inner, norm2, style, alpha2)))
        return x

    def _styled(self, x: Tensor, adain: Any, style: Tensor, alpha: Tensor) -> Tensor:
        """Return Snake of AdaIN of `x`, ready for a convolution."""
        import torch

        gain, shift = _affine(adain, style)
        out = torch.empty(x.shape, dtype=self._dtype, device=x.device)
        for part in _parts(x):
            y = _normed(x[0, part].float(), gain[part], shift[part], adain.norm.eps)
            out[0, part] = _snake(y, alpha[part])
        return out


def _parts(x: Tensor) -> Iterator[slice]:
    """Cut the channels into groups that fit the cache; on a GPU there is one."""
    channels, length = x.shape[1:]
    step = channels if x.is_cuda else max(1, CACHE_SAMPLES // length)
    for first in range(0, channels, step):
        yield slice(first, first + step)


def _add(x: Tensor, y: Tensor) -> None:
    """Add in place; `y` may be of another type, which is slow but in the cache."""
    for part in _parts(x):
        x[0, part] += y[0, part].float()


def _affine(adain: Any, style: Tensor) -> tuple[Tensor, Tensor]:
    """Return gain and shift a channel, (channels, 1): the style's over the norm's own."""
    gamma, beta = adain.fc(style).reshape(2, -1, 1)
    own, offset = adain.norm.weight.reshape(-1, 1), adain.norm.bias.reshape(-1, 1)
    return (1 + gamma) * own, (1 + gamma) * offset + beta


def _normed(x: Tensor, gain: Tensor, shift: Tensor, eps: float) -> Tensor:
    import torch

    y = x - x.mean(dim=1, keepdim=True)
    power = torch.linalg.vector_norm(y, dim=1, keepdim=True).square_().div_(y.shape[1])
    return torch.addcmul(shift, y, gain * torch.rsqrt(power + eps), out=y)


def _snake(y: Tensor, alpha: Tensor) -> Tensor:
    """Return y + sin²(α y) / α, in place."""
    waves = (y * alpha).sin_()
    return y.addcmul_(waves.mul_(waves), 1 / alpha)
