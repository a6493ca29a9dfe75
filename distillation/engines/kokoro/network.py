"""Kokoro's network for searches, with results that do not depend on the voice cached by text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.audio.types import Samples
from distillation.engines.kokoro import generator, package_generator
from distillation.engines.kokoro.batching import Batches

if TYPE_CHECKING:
    from kokoro.model import KModel
    from torch import Tensor

TEXTS = 64  # about 0.5 MB each
PROSODIES = 6  # about 5 MB each: two for every search text
Generate = Callable[["Tensor", "Tensor", "Tensor"], "Tensor"]
_RANDOM = threading.Lock()  # torch has one random state per process
VOICED_HZ = 10.0  # as the harmonic source has it
AT_ONCE = 8  # voices decoded together: an estimated 1.2 GB for 10 s of speech each


@dataclass(frozen=True)
class Text:
    """The voice-independent part of a text: token ids, outputs of BERT and the text encoder."""

    ids: Tensor
    lengths: Tensor
    mask: Tensor
    hidden_text: Tensor
    written: Tensor


@dataclass(frozen=True)
class Prosody:
    """The features of a text that depend on a voice's prosody half, but not its timbre half."""

    aligned: Tensor
    f0: Tensor
    energy: Tensor
    source: Tensor

    @classmethod
    def joined(cls, parts: Sequence[Prosody]) -> Prosody:
        """Stack prosodies of equal length."""
        import torch

        if len(parts) == 1:
            return parts[0]
        tensors = ((one.aligned, one.f0, one.energy, one.source) for one in parts)
        return cls(*(torch.cat(same) for same in zip(*tensors, strict=True)))


class Network:
    """Kokoro in three steps, each cached by what it depends on.

    Apart from G2P: BERT and text encoder depend on the text; durations, F0, energy and the
    harmonic source on the text, the voice's prosody half, speed and seed; only decoder and
    generator on the timbre half. Weight norm is folded into the weights. The generator is
    `generator.Generator` on a CPU and `package_generator.Generator` on a GPU.

    Parameters
    ----------
    model : KModel
        Owned and modified: its weight norm is folded.
    bf16 : bool
        Whether the decoder's convolutions, except the generator's last, are in bfloat16;
        durations, F0 and all sums and norms stay float32.
    """

    def __init__(self, model: KModel, *, bf16: bool = False) -> None:
        import torch

        _fold_weight_norm(model)
        self.model = model
        self._device = model.device
        self.half = bf16
        self.prefers_batch = self._device.type == "cuda"
        decoder: Any = model.decoder
        self.generate = (
            package_generator.Generator(decoder.generator, half=bf16)
            if self._device.type == "cuda"
            else generator.Generator(decoder.generator, torch.bfloat16 if bf16 else torch.float32)
        )
        self.batches = Batches(self.decode_together, AT_ONCE)
        self.text = lru_cache(maxsize=TEXTS)(self.text_of)
        self._prosody = _remembered(self._prosody_of, PROSODIES)

    @property
    def device(self) -> str:
        """Device of the model: cpu or cuda:0."""
        return str(self._device)

    @property
    def vocab(self) -> Mapping[str, int]:
        """The phoneme symbols it can speak, with their token ids."""
        known: Mapping[str, int] = self.model.vocab
        return known

    def speak(
        self,
        phonemes: str,
        voices: Sequence[Samples],
        *,
        speed: float,
        seed: int,
        pitch_ranges: Sequence[float] = (),
    ) -> list[Samples]:
        """Return the samples of a phoneme string in each of several voices.

        A GPU decodes those of equal length together, in little more time than one; a CPU decodes
        one after another.

        Parameters
        ----------
        phonemes : str
            In the model's vocabulary, at most 510.
        voices : sequence of ndarray, shape (256,), float32
            Style embeddings: timbre, then prosody.
        speed : float
            Above 1 is faster.
        seed : int
            Of the vocoder's noise; torch's global random state is not changed.
        pitch_ranges : sequence of float, optional
            Of each voice (`widened`); 1 by default.

        Returns
        -------
        list of ndarray, shape (n,), float32
            24 kHz; in float32 equal to `KModel`'s within 1e-4.
        """
        import torch

        hidden_text: dict[int, Samples] = {}
        with torch.inference_mode():
            styles = torch.from_numpy(np.stack(voices).astype(np.float32)).to(self._device)
            prosodies = [
                self._prosody(
                    (phonemes, row[128:].tobytes(), speed, seed, wide),
                    phonemes, style[None, 128:], speed, seed, wide,
                )
                for row, style, wide in zip(
                    voices, styles, pitch_ranges or [1.0] * len(voices), strict=True
                )
            ]  # fmt: skip
            for group in self._groups(prosodies):
                prosody = Prosody.joined([prosodies[index] for index in group])
                y = self.decode(prosody, styles[group, :128], self.generate).float().cpu().numpy()
                hidden_text |= dict(zip(group, y, strict=True))
        return [hidden_text[index] for index in range(len(voices))]

    def _groups(self, prosodies: Sequence[Prosody]) -> list[list[int]]:
        """Return groups of indices that are decoded together."""
        groups: dict[tuple[int, int], list[int]] = {}
        for index, one in enumerate(prosodies):
            groups.setdefault((one.f0.shape[1], 0 if self.prefers_batch else index), []).append(
                index
            )
        return [
            group[first : first + AT_ONCE]
            for group in groups.values()
            for first in range(0, len(group), AT_ONCE)
        ]

    def text_of(self, phonemes: str) -> Text:
        """Compute the voice-independent part of a phoneme string."""
        import torch

        model: Any = self.model
        known = [model.vocab[sign] for sign in phonemes]
        ids = torch.tensor([[0, *known, 0]], device=self._device)
        lengths = torch.tensor([ids.shape[1]], device=self._device)
        mask = torch.zeros_like(ids, dtype=torch.bool)
        encoded = model.bert(ids, attention_mask=(~mask).int())
        hidden_text = model.bert_encoder(encoded).transpose(-1, -2)
        return Text(ids, lengths, mask, hidden_text, model.text_encoder(ids, lengths, mask))

    def _prosody_of(
        self, phonemes: str, style: Tensor, speed: float, seed: int, pitch_range: float
    ) -> Prosody:
        text = self.text(phonemes)
        hidden = self.hidden(text, style)
        at = self.frames(hidden, speed)
        aligned, f0, energy = self.aligned(text, hidden, at, style)
        f0 = widened(f0, pitch_range)
        return Prosody(aligned, f0, energy, self.source(f0, seed))

    def hidden(self, text: Text, style: Tensor) -> Tensor:
        """Return features of each phoneme by prosody half, shape (1, phonemes, channels)."""
        predictor: Any = self.model.predictor
        found: Tensor = predictor.text_encoder(text.hidden_text, style, text.lengths, text.mask)
        return found

    def frames(self, hidden: Tensor, speed: float) -> Tensor:
        """Return the phoneme index of each 25 ms frame."""
        return self.spread(self.durations(hidden), speed)

    def durations(self, hidden: Tensor) -> Tensor:
        """Return the duration of each phoneme in frames of 25 ms, not rounded, (1, phonemes)."""
        import torch

        predictor: Any = self.model.predictor
        found: Tensor = torch.sigmoid(predictor.duration_proj(predictor.lstm(hidden)[0])).sum(-1)
        return found

    def spread(self, durations: Tensor, speed: float) -> Tensor:
        """Return the phoneme index of each frame for these durations."""
        import torch

        frames = frames_at(durations.reshape(-1), speed)
        return torch.repeat_interleave(torch.arange(len(frames), device=self._device), frames)

    def plain_frames(self, phonemes: str, row: Samples) -> list[int]:
        """Return the whole frames of each phoneme, and of the silence at both ends, at speed 1."""
        import torch

        with torch.inference_mode():
            style = torch.from_numpy(np.array(row[None, 128:], np.float32)).to(self._device)
            durations = self.durations(self.hidden(self.text(phonemes), style)).reshape(-1)
            return [int(count) for count in frames_at(durations, 1.0)]

    def aligned(
        self, text: Text, hidden: Tensor, at: Tensor, style: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return text features, F0 and energy per frame."""
        predictor: Any = self.model.predictor
        f0, energy = predictor.F0Ntrain(hidden.transpose(-1, -2)[:, :, at], style)
        return text.written[:, :, at], f0, energy

    def source(self, f0: Tensor, seed: int) -> Tensor:
        """Return the spectrum of harmonics and noise that the generator filters."""
        import torch

        generator: Any = self.model.decoder.generator
        steps = generator.f0_upsamp(f0[:, None]).transpose(1, 2)
        with _seeded(self._device, seed):
            wave, _, _ = generator.m_source(steps)
        spectrum, phase = generator.stft.transform(wave.transpose(1, 2).squeeze(1))
        return torch.cat([spectrum, phase], dim=1)

    def decode(self, prosody: Prosody, style: Tensor, generate: Generate) -> Tensor:
        """Return samples, one row per voice."""
        import torch

        decoder: Any = self.model.decoder
        f0 = decoder.F0_conv(prosody.f0.unsqueeze(1))
        energy = decoder.N_conv(prosody.energy.unsqueeze(1))
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.half):
            x = decoder.encode(torch.cat([prosody.aligned, f0, energy], dim=1), style)
            reminder = torch.cat([decoder.asr_res(prosody.aligned), f0, energy], dim=1)
            upsampled = False
            for block in decoder.decode:
                x = block(x if upsampled else torch.cat([x, reminder], dim=1), style)
                upsampled = upsampled or block.upsample_type != "none"
        return generate(x.float(), prosody.source, style)

    def decode_together(
        self, prosodies: Sequence[Prosody], timbres: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        """Return the samples of several windows of equal length, decoded in one call."""
        import torch

        return list(self.decode(Prosody.joined(prosodies), torch.cat(list(timbres)), self.generate))

    def decode_window(self, prosody: Prosody, timbre: Tensor) -> Tensor:
        """Return the samples of a window, shape (n,); on a GPU in one call with other threads'."""
        if self.prefers_batch:
            return self.batches(prosody, timbre)
        return self.decode(prosody, timbre, self.generate)[0]


def widened(f0: Tensor, factor: float) -> Tensor:
    """Return F0 with its intervals from the median multiplied by `factor`.

    A voice pack hardly changes the range of the pitch (asked for 20 % more, 2-5 %), but the
    decoder follows the contour it is given: of three voices tried 0.8 made 0.82-0.86 of the range,
    1.25 made 1.22-1.24, at the same pitch and pace and within 0.1 of naturalness.

    Parameters
    ----------
    f0 : Tensor, shape (1, frames)
        Hz; at or near 0 where unvoiced. What lies more than an octave under the median, mostly on
        the way to silence, stays as it is.
    factor : float
        Above 1 is livelier, below 1 more level.
    """
    import torch

    voiced = f0 > VOICED_HZ
    if factor == 1.0 or not voiced.any():
        return f0
    median = f0[voiced].log().median()
    wide = (median + factor * (f0.clamp(min=VOICED_HZ).log() - median)).exp()
    return torch.where(f0 > median.exp() / 2, wide, f0)


def frames_at(durations: Tensor, speed: float) -> Tensor:
    """Return whole frames of each phoneme, so that their sum is that at speed 1 over `speed`.

    Rounded one by one, as the package does it, durations of two frames on average miss the length
    by up to 8 % at speeds of 1.1-1.5. Here they are all multiplied by the factor with which the
    rounded ones have the wanted sum. A phoneme lasts at least a frame, so above a speed of about 2
    the sum stays too long.

    Parameters
    ----------
    durations : Tensor, shape (phonemes,)
        In frames, not rounded.
    speed : float
        Above 1 is faster.
    """
    plain = _whole(durations, 1.0)
    if speed == 1.0:
        return plain
    wanted = float(plain.sum()) / speed
    low, high = 0.0, 2.0 / speed + 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if float(_whole(durations, middle).sum()) < wanted:
            low = middle
        else:
            high = middle
    return min(
        (_whole(durations, factor) for factor in (low, high)),
        key=lambda frames: abs(float(frames.sum()) - wanted),
    )


def _whole(durations: Tensor, factor: float) -> Tensor:
    import torch

    return torch.round(durations * factor).clamp(min=1).long()


def _fold_weight_norm(module: Any) -> None:
    """Compute each weight-normalized weight once instead of at every call; values are equal."""
    from torch.nn.utils import remove_weight_norm

    for part in module.modules():
        if hasattr(part, "weight_g"):
            remove_weight_norm(part)


@contextmanager
def _seeded(device: Any, seed: int) -> Iterator[None]:
    import torch

    with _RANDOM, torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def _remembered(make: Callable[..., Prosody], size: int) -> Callable[..., Prosody]:
    """Cache the latest results by an explicit key, since tensors cannot be hashed by value."""
    kept: dict[Hashable, Prosody] = {}

    def get(key: Hashable, *arguments: Any) -> Prosody:
        found = kept.pop(key, None) or make(*arguments)
        kept[key] = found
        if len(kept) > size:
            del kept[next(iter(kept))]
        return found

    return get
