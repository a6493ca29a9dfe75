"""Kokoro as a differentiable function of the style (experimental)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.audio.types import Samples
from distillation.engines.kokoro.network import Network, Prosody
from distillation.engines.kokoro.package_generator import Generator

if TYPE_CHECKING:
    from torch import Tensor

TEXTS = 8


class GradientNetwork:
    """The samples of a text near a style, by the package's own modules in float32.

    Held constant at the style are the durations, which are rounded to frames, and the vocoder's
    source (sines of F0 and noise), whose gradient by phase is meaningless. The gradient by F0 and
    energy is taken through the decoder's inputs. Residual blocks are recomputed in the backward
    pass: this takes about 0.23 GB per second of speech instead of 0.78 (a whole process 2.4 GB
    at 5.5 s), and 3.8 times the CPU time of evaluating a candidate on the same text instead of
    2.7. Never run on a GPU.

    Parameters
    ----------
    network : Network
        Shared; not changed, except that its weights no longer require gradients.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        network.model.requires_grad_(False)
        generator: Any = network.model.decoder.generator
        self._generate = Generator(generator, half=False, through=_again)
        self._text = lru_cache(maxsize=TEXTS)(network.text_of)

    def differentiable_synthesis(
        self, phonemes: str, voice: Samples, *, seed: int
    ) -> Callable[[Tensor], Tensor]:
        """Return samples as a function of the style.

        Parameters
        ----------
        phonemes : str
            In the model's vocabulary, at most 510.
        voice : ndarray, shape (256,)
            Style that determines durations and source.
        seed : int
            Of the source's noise.

        Returns
        -------
        callable
            Maps a style, shape (256,), to samples, shape (n,), 24 kHz; n does not depend on it.
        """
        import torch

        network = self._network
        with torch.no_grad():
            text = self._text(phonemes)
            here = torch.from_numpy(np.array(voice[None, 128:], np.float32)).to(text.ids.device)
            hidden = network.hidden(text, here)
            at = network.frames(hidden, 1.0)
            source = network.source(network.aligned(text, hidden, at, here)[1], seed)

        def speak(style: Tensor) -> Tensor:
            timbre, prosody = style[None].to(here.device).split(128, dim=1)
            with torch.backends.cudnn.flags(enabled=False):  # its LSTM has no backward in eval mode
                parts = network.aligned(text, network.hidden(text, prosody), at, prosody)
                return network.decode(Prosody(*parts, source), timbre, self._generate)[0]

        return speak


def _again(block: Any, x: Tensor, style: Tensor) -> Tensor:
    from torch.utils.checkpoint import checkpoint

    y: Tensor = checkpoint(block, x, style, use_reentrant=False, preserve_rng_state=False)
    return y
