"""Target similarity computed in torch, so that it is differentiable."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corpus.audio.types import Audio
from distillation.scoring.encoder import (
    COVERAGE,
    HOP,
    LEVEL_DBFS,
    N_FFT,
    N_MELS,
    RATE,
    SR,
    Embedding,
    SpeakerEncoder,
    speaker_encoder,
)
from distillation.scoring.mel import mel_filters
from distillation.scoring.scorer import centroid

if TYPE_CHECKING:
    from torch import Tensor

WINDOW = 480  # samples; Resemblyzer keeps or drops a whole window when cutting silence


class DifferentiableSimilarity:
    """Cosine of the speaker embedding with the target's, by the same steps as `SpeakerEncoder`.

    Two steps differ: audio is resampled to 16 kHz by truncating the spectrum at 8 kHz, and audio
    in which no speech is found is used whole, so that it still has a gradient. The choice of
    silences to cut is treated as constant.

    Parameters
    ----------
    *clips : Audio
        One or more target clips.
    encoder : SpeakerEncoder, optional
        By default that of the process. Its network is shared, and its parameters are set not to
        require gradients.
    """

    def __init__(self, *clips: Audio, encoder: SpeakerEncoder | None = None) -> None:
        import torch

        encoder = encoder or speaker_encoder()
        self._network: Any = encoder.network.requires_grad_(False)
        self._target = torch.from_numpy(centroid([encoder.embed(clip) for clip in clips]))

    def of(self, embedding: Embedding | None) -> float:
        """Return the cosine of an embedding; 0 without one."""
        return 0.0 if embedding is None else float(embedding @ self._target.numpy())

    def __call__(self, y: Tensor, sr: int) -> Tensor:
        """Return the cosine, 0-1.

        Parameters
        ----------
        y : Tensor, shape (n,), float32
            Samples, on the CPU.
        sr : int
            Sample rate, Hz, above 16 kHz.

        Returns
        -------
        Tensor, shape ()
        """
        import torch
        from torch.nn.functional import pad

        y = narrowed(y, sr)
        y = (y * (10 ** (LEVEL_DBFS / 20) / y.square().mean().sqrt())).clamp(-1.0, 1.0)
        y = y[torch.from_numpy(_kept(y.detach().numpy()))]
        samples, frames = self._network.compute_partial_slices(len(y), RATE, COVERAGE)
        y = pad(y, (0, max(0, samples[-1].stop - len(y))))
        mel = _mel(y)
        partials = self._network(torch.stack([mel[part] for part in frames]))
        mean = partials.mean(dim=0)
        return (mean / mean.norm()) @ self._target


def narrowed(y: Tensor, sr: int) -> Tensor:
    """Return samples at 16 kHz, resampled by truncating the spectrum."""
    import torch

    count = len(y) * SR // sr
    spectrum = torch.fft.rfft(y)[: count // 2 + 1]
    return torch.fft.irfft(spectrum, n=count) * (count / len(y))


def _kept(y: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which samples `trim_long_silences` keeps; all if it finds no speech."""
    from resemblyzer.audio import trim_long_silences

    windows = y[: len(y) // WINDOW * WINDOW].reshape(-1, WINDOW)
    left = trim_long_silences(y).reshape(-1, WINDOW)
    if not len(left):
        return np.ones(len(y), bool)
    mask, taken = np.zeros(len(y), bool), 0
    for number, window in enumerate(windows):
        if taken < len(left) and np.array_equal(window, left[taken]):
            mask[number * WINDOW : (number + 1) * WINDOW] = True
            taken += 1
    return mask


def _mel(y: Tensor) -> Tensor:
    import torch

    spectrum = torch.stft(
        y, N_FFT, HOP, window=torch.hann_window(N_FFT), pad_mode="constant", return_complex=True
    )
    return torch.view_as_real(spectrum).square().sum(-1).T @ _filters()


@cache
def _filters() -> Tensor:
    import torch

    return torch.from_numpy(mel_filters(SR, N_FFT, N_MELS).astype(np.float32))
