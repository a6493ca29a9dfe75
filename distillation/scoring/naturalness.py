"""Naturalness of speech: a mean opinion score of 1-5, predicted by DistillMOS."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from corpus.audio.io import resample
from corpus.audio.types import Audio, Samples

if TYPE_CHECKING:
    from distillmos import ConvTransformerSQAModel
    from torch import Tensor

SR = 16_000
WINDOW = 122_880  # samples; the network's input length, 7.68 s
MAX_HOP = 16_000  # between the windows of a longer clip, as published
SILENCE = 1e-5
LOWEST = 1.0
N_FFT, HOP = 320, 160  # 20 ms windows every 10 ms, as DistillMOS was trained
COMPRESSION = 0.3  # exponent of the magnitudes
HISS = 1e-4  # amplitude of the noise added before differentiation
REACH = 6  # frames on either side that a value of the convolutions depends on
STRIDE = 2  # frames for each value of them
WIDTHS = 32  # the frames convolved are a multiple: oneDNN compiles a kernel for each width


def available() -> bool:
    """Return whether the predictor is installed, without loading it."""
    return all(find_spec(name) is not None for name in ("distillmos", "xls_r_sqa"))


def naturalness(audio: Audio) -> float:
    """Return the predicted mean opinion score of a clip of speech.

    The network normalizes its input by the peak, so the level does not matter (less than
    0.0001). Length does: input shorter than 7.68 s is padded with silence, and the same voice
    gets about one point less for 1.5 s than for 4 s. So compare voices by the same sentences.
    The score of a longer clip is the mean over windows of 7.68 s, at most 1 s apart, evaluated
    one at a time to bound the memory: 12 s take six times as long as 7 s.

    Parameters
    ----------
    audio : Audio
        Any rate, resampled to 16 kHz; any level.

    Returns
    -------
    float
        1-5, higher is more natural; bit-identical for equal samples. 1 for silence.

    Raises
    ------
    ModuleNotFoundError
        DistillMOS is not installed; check `available` first.

    References
    ----------
    Stahl & Gamper 2025, Distillation and Pruning for Scalable Self-Supervised
    Representation-Based Speech Quality Assessment.
    """
    import torch

    y = resample(audio, SR).y
    if float(np.abs(y).max(initial=0.0)) < SILENCE:
        return LOWEST
    with torch.no_grad():
        scores = [float(_rating(torch.from_numpy(part), _published)) for part in _windows(y)]
    return float(np.mean(scores))


def differentiable_naturalness(y: Tensor, *, seed: int) -> Tensor:
    """Return the predicted mean opinion score of a clip, with a finite gradient.

    DistillMOS divides by magnitudes and takes their root, so that the exact zeros of the padding
    give NaN gradients. Here magnitudes are kept from zero and a little noise is added; the score
    differs from `naturalness` by up to 0.2.

    Parameters
    ----------
    y : Tensor, shape (n,), float32
        Samples at 16 kHz; those after 7.68 s are left out.
    seed : int
        Of the noise.

    Returns
    -------
    Tensor, shape ()
        1-5.
    """
    import torch

    noise = torch.randn(len(y), generator=torch.Generator().manual_seed(seed))
    return _rating((y + HISS * noise)[:WINDOW], _smoothed)


def _rating(y: Tensor, compressed: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the rating of at most `WINDOW` samples, which silence follows.

    The convolutions make the same of all silence, so they are computed up to its first frames
    alone: 0.16 s instead of 0.33 s for 3 s of speech, and half of the time of its gradient.
    """
    import torch
    from torch.nn.functional import pad

    network, count = _network(), len(y)
    spectrum = compressed(pad(y, (0, WINDOW - count)) / (y.abs().max() + 1e-8))[None]
    frames = spectrum.shape[-1]
    sounding = -(-(count + N_FFT // 2) // HOP)  # frames before the silence
    kept = -(-(sounding + REACH) // STRIDE)  # values before those of silence alone
    width = -(-(STRIDE * kept + REACH) // WIDTHS) * WIDTHS
    values = network.cnn.cnn(spectrum[..., :width])
    if width < frames:
        values = torch.cat([values[..., :kept], _of_silence()[..., kept:]], dim=-1)
    features = torch.flatten(values, 1, -2).permute(0, 2, 1)
    rating: Tensor = network.transformer_pool_attn(features).squeeze()
    return 1.0 + 4.0 * rating


@cache
def _of_silence() -> Tensor:
    """Return what the convolutions make of a window of silence."""
    import torch

    with torch.no_grad():
        values: Tensor = _network().cnn.cnn(_published(torch.zeros(WINDOW))[None])
    return values


def _published(y: Tensor) -> Tensor:
    """Return DistillMOS's input, shape (2, bins, frames): a spectrum with compressed magnitudes."""
    parts = _spectrum(y)
    magnitude = parts.square().sum(0, keepdim=True).sqrt().clamp(1e-12)
    return magnitude**COMPRESSION * parts / magnitude


def _smoothed(y: Tensor) -> Tensor:
    """Return the same with magnitudes kept from zero, where its gradient is not finite."""
    parts = _spectrum(y)
    magnitude = (parts.square().sum(0, keepdim=True) + 1e-16).sqrt()
    return (magnitude + 1e-6) ** (COMPRESSION - 1.0) * parts


def _spectrum(y: Tensor) -> Tensor:
    """Return real and imaginary parts, shape (2, bins, frames)."""
    import torch
    from torch.nn.functional import pad

    edge = (N_FFT - HOP) // 2
    y = pad(y[None], (edge, edge), mode="reflect")
    window = torch.hann_window(N_FFT)
    found = torch.stft(y, N_FFT, HOP, window=window, center=False, return_complex=True)
    return torch.view_as_real(found[0]).permute(2, 0, 1)


def _windows(y: Samples) -> Iterator[Samples]:
    """Yield the network's input windows, evenly spread from the first sample to the last."""
    over = max(0, len(y) - WINDOW)
    for place in np.linspace(0.0, 1.0, -(-over // MAX_HOP) + 1):
        first = int(place * over)
        yield np.ascontiguousarray(y[first : first + WINDOW])


@cache
def _network() -> ConvTransformerSQAModel:
    """Return the shared network of this process."""
    import torch

    with _without_torchaudio():
        from distillmos import sqa

    network = sqa.ConvTransformerSQAModel(load_weights=False)  # True would print a line
    stored = torch.load(sqa.DEFAULT_WEIGHTS_CHKPT, map_location="cpu", weights_only=True)
    network.load_state_dict(stored["model"])
    return network.eval().requires_grad_(False)


@contextmanager
def _without_torchaudio() -> Iterator[None]:
    """Substitute an empty module for torchaudio, which DistillMOS needs for its commands only.

    It is removed again, because transformers, which Kokoro loads, checks for torchaudio.
    """
    if "torchaudio" in sys.modules:
        yield
        return
    sys.modules["torchaudio"] = ModuleType("torchaudio")
    try:
        yield
    finally:
        del sys.modules["torchaudio"]
