"""Kokoro as a differentiable function of the style."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from corpus.audio.types import Samples
from distillation.engines.base import DifferentiableProsody, DifferentiableSpeech
from distillation.engines.kokoro.network import Network, Prosody, Text
from distillation.engines.kokoro.package_generator import Generator
from distillation.engines.kokoro.residual_blocks import ResidualBlock
from distillation.engines.long_text import JOIN_S

if TYPE_CHECKING:
    from torch import Tensor

TEXTS = 128  # about 0.5 MB each
FRAME_S = 0.025  # of the duration predictor
SILENT = ' ;:,.!?¡¿—…"()“”'  # signs whose predicted duration is a pause


class _Predicted(NamedTuple):
    aligned: Tensor
    f0: Tensor
    energy: Tensor
    seconds: Tensor


class GradientNetwork:
    """The samples and the predicted prosody of a text as functions of a style.

    Durations are rounded to frames for synthesis, which has no gradient; `seconds` is their sum
    before rounding. Held constant is the vocoder's source (sines of F0 and noise), whose gradient
    by phase is meaningless: F0 and energy have theirs through the decoder's inputs.

    A process holds 0.2 GB for each second of speech (`residual_blocks`). 5.0 s of speech took 4.8 s
    of one core in bfloat16 and 6.7 s in float32; the bfloat16 gradient of nine sentences and voices
    had a cosine of 0.81-0.97 with the float32 one (median 0.93).
    Never run on a GPU.

    Parameters
    ----------
    network : Network
        Shared; not changed, except that its weights no longer require gradients.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        network.model.requires_grad_(False)
        decoder: Any = network.model.decoder
        through = ResidualBlock(half=network.half)
        self._generate = Generator(decoder.generator, half=network.half, through=through)
        self._text = lru_cache(maxsize=TEXTS)(self._text_of)

    def speech(self, phonemes: str, *, seed: int) -> Callable[[Tensor], DifferentiableSpeech]:
        """Return samples and prosody as a function of the style.

        Parameters
        ----------
        phonemes : str
            In the model's vocabulary, at most 510.
        seed : int
            Of the source's noise.

        Returns
        -------
        callable
            Maps a style, shape (256,), to `DifferentiableSpeech`.
        """
        import torch

        network = self._network

        def speak(style: Tensor) -> DifferentiableSpeech:
            timbre, prosody = style[None].split(128, dim=1)
            with torch.backends.cudnn.flags(enabled=False):  # its LSTM has no backward in eval mode
                found = self._predicted(phonemes, prosody)
                with torch.no_grad():
                    source = network.source(found.f0.detach(), seed)
                parts = Prosody(found.aligned, found.f0, found.energy, source)
                samples = network.decode(parts, timbre, self._generate)[0]
            return DifferentiableSpeech(samples.float(), found.f0[0], found.seconds)

        return speak

    def prosody(self, phonemes: str) -> Callable[[Tensor], DifferentiableProsody]:
        """Return the predicted prosody as a function of the style, without synthesis.

        It takes about 3 % of the time of `speech`, and depends on the prosody half alone.
        """

        def predict(style: Tensor) -> DifferentiableProsody:
            found = self._predicted(phonemes, style[None, 128:])
            return DifferentiableProsody(found.f0[0], found.seconds)

        return predict

    def _predicted(self, phonemes: str, style: Tensor) -> _Predicted:
        import torch

        network, text = self._network, self._text(phonemes)
        hidden = network.hidden(text, style)
        durations = network.durations(hidden)
        at = network.spread(durations.detach(), 1.0)
        aligned, f0, energy = network.aligned(text, hidden, at, style)
        spoken = torch.from_numpy(_spoken(phonemes)).to(durations.device)
        return _Predicted(aligned, f0, energy, durations[0][spoken].sum() * FRAME_S)

    def _text_of(self, phonemes: str) -> Text:
        import torch

        with torch.no_grad():
            return self._network.text_of(phonemes)


def _spoken(phonemes: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which tokens lie between the first sound and the last; the model adds one each end."""
    sounds = np.flatnonzero([sign not in SILENT for sign in phonemes])
    tokens = np.zeros(len(phonemes) + 2, bool)
    if len(sounds):
        tokens[sounds[0] + 1 : sounds[-1] + 2] = True
    return tokens


def joined_speech(
    parts: Sequence[tuple[Callable[[Tensor], DifferentiableSpeech], Samples]], sr: int
) -> Callable[[Tensor], DifferentiableSpeech]:
    """Return what speaks the pieces around their rows, as `long_text.joined` joins them."""
    import torch

    def speak(offset: Tensor) -> DifferentiableSpeech:
        silence = torch.zeros(round(JOIN_S * sr))
        spoken = [one(torch.from_numpy(row.copy()) + offset) for one, row in parts]
        samples = [part for one in spoken for part in (silence, one.samples.cpu())][1:]
        seconds = torch.stack([one.seconds for one in spoken]).sum() + JOIN_S * (len(spoken) - 1)
        f0_hz = torch.cat([one.f0_hz for one in spoken])
        return DifferentiableSpeech(torch.cat(samples), f0_hz.cpu(), seconds.cpu())

    return speak
