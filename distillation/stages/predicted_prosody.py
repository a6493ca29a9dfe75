"""Pitch, pitch range and rate that a student predicts for a text, as a differentiable vector."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from corpus.phonetics import syllables
from distillation.engines.base import DifferentiableProsody, DifferentiableSpeech
from distillation.stages.prosody_figures import REFERENCE_HZ

if TYPE_CHECKING:
    from torch import Tensor

VOICED_HZ = 60.0  # lower predictions are unvoiced


def prediction(found: DifferentiableProsody | DifferentiableSpeech, text: str) -> Tensor:
    """Return what is predicted, on the scale of `ProsodyFigures.vector` but for a constant.

    Parameters
    ----------
    found : DifferentiableProsody or DifferentiableSpeech
        Of the text.
    text : str
        Its syllables are counted.

    Returns
    -------
    Tensor, shape (3,)
        Mean F0 (semitones above 55 Hz), log of its standard deviation (semitones), log of the
        syllables per second. The predicted mean is 0.3-1 semitones below the measured median.
    """
    import torch

    voiced = found.f0_hz[found.f0_hz.detach() > VOICED_HZ]
    if len(voiced) < 2:  # a voice that has become unvoiced has no gradient by pitch
        voiced = torch.full((2,), VOICED_HZ) * torch.tensor([1.0, 1.1])
    semitones = 12.0 * torch.log2(voiced / REFERENCE_HZ)
    rate = math.log(max(1, syllables(text))) - found.seconds.clamp(min=0.1).log()
    return torch.stack([semitones.mean(), semitones.std().log(), rate])
