"""Kokoro's generator by the package's own modules: several voices at once, for a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


class Generator:
    """The generator of Kokoro's decoder, a batch at a time; so far run on a processor only.

    Parameters
    ----------
    generator : kokoro.istftnet.Generator
        Weight norm folded.
    half : bool
        Its convolutions in bfloat16, by torch's autocast.
    """

    def __init__(self, generator: Any, *, half: bool) -> None:
        self._generator = generator
        self._half = half

    def __call__(self, x: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """Return samples, as `kokoro_generator.Generator` does."""
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
            x = x + generator.noise_res[index](generator.noise_convs[index](source), style)
            blocks = generator.resblocks[index * kernels : (index + 1) * kernels]
            x = sum(block(x, style) for block in blocks) / kernels
        return generator.conv_post(leaky_relu(x))
