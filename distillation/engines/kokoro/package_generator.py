"""Kokoro's generator by the package's own modules, for batches of voices and for gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

Through = Callable[[Any, "Tensor", "Tensor"], "Tensor"]


class Generator:
    """The generator of Kokoro's decoder, a batch at a time; so far run on a CPU only.

    Parameters
    ----------
    generator : kokoro.istftnet.Generator
        With weight norm folded.
    half : bool
        Whether its convolutions are in bfloat16, by torch's autocast.
    through : callable, optional
        Calls a residual block with its input and the style, instead of the block itself.
    """

    def __init__(self, generator: Any, *, half: bool, through: Through | None = None) -> None:
        self._generator = generator
        self._half = half
        self._through = through or _called

    def __call__(self, x: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """Return samples, as `generator.Generator` does."""
        import torch

        generator = self._generator
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self._half):
            spectrum = self._spectrum(x, source, style)
        magnitude, phase = spectrum.float().chunk(2, dim=1)
        y: Tensor = generator.stft.inverse(magnitude.exp(), phase.sin())
        return y[:, 0]

    def _spectrum(self, x: Tensor, source: Tensor, style: Tensor) -> Tensor:
        from torch.nn.functional import leaky_relu

        generator = self._generator
        kernels, last = generator.num_kernels, generator.num_upsamples - 1
        for index, up in enumerate(generator.ups):
            x = up(leaky_relu(x, negative_slope=0.1))
            if index == last:
                x = generator.reflection_pad(x)
            source_block, raised = generator.noise_res[index], generator.noise_convs[index](source)
            x = x + self._through(source_block, raised, style)
            blocks = generator.resblocks[index * kernels : (index + 1) * kernels]
            x = sum(self._through(block, x, style) for block in blocks) / kernels
        return generator.conv_post(leaky_relu(x))


def _called(block: Any, x: Tensor, style: Tensor) -> Tensor:
    y: Tensor = block(x, style)
    return y
