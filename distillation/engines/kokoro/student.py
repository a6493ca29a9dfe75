"""Student `kokoro`: Kokoro-82M from a local model directory, without downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from corpus.audio.types import Audio, Samples
from corpus.files import sha256_of
from distillation import voicepack
from distillation.engines.base import (
    DifferentiableProsody,
    DifferentiableSpeech,
    EngineError,
    check_request,
)
from distillation.engines.kokoro import INFO
from distillation.engines.kokoro.files import PACKS, pack_paths, voice_names
from distillation.engines.kokoro.gradient import GradientNetwork
from distillation.engines.kokoro.languages import G2P, g2p, letter_of, letter_of_voice
from distillation.engines.kokoro.network import Network
from distillation.engines.kokoro.streaming import FRAME, frames_without_edges, streamed
from distillation.engines.kokoro.weights import REPO, load
from distillation.engines.long_text import JOIN_S, joined, pieces, tidy
from distillation.engines.psola import stretched
from distillation.voicepack import PackError, VoicePack

if TYPE_CHECKING:
    from torch import Tensor

CONFIG, WEIGHTS = "config.json", "kokoro-v1_0.pth"
_PEAK = 0.97
_FLEXIBLE = 1.5  # up to this speed durations alone give the length: a phoneme lasts two frames
_TOLERANCE = 0.01  # of the length


class KokoroStudent:
    """Kokoro-82M on the CPU or a GPU.

    Parameters
    ----------
    model_dir : path
        Contains config.json, kokoro-v1_0.pth and voices/*.pt (or packs next to the weights).
    lang : str
        `es`, `en`, `en-gb`, `fr`, `hi`, `it`, `pt`, or Kokoro's own letter for it.
    threads : int or str, optional
        Number of torch threads in this process. Unchanged by default: all cores, for the lowest
        latency. A search uses 1: two processes with one thread each have more throughput than
        one with two.
    device : str, optional
        `cpu` or `cuda`; by default a GPU if there is one.
    precision : str
        Of the decoder's convolutions, 90 % of the work: `fp32`, `bf16`, or `auto` (bf16 if the
        processor supports it). bf16 takes about 0.6 of the time of fp32; benchmarks/kokoro.py
        measures its effect on scores.

    Raises
    ------
    EngineError
        `missing_model`, naming the path of each file; `bad_model`, `bad_option`.
    """

    name: ClassVar[str] = "kokoro"
    sr: int = 24_000
    max_phonemes: int = 510

    def __init__(
        self,
        *,
        model_dir: str | Path,
        lang: str = "es",
        threads: int | str | None = None,
        device: str | None = None,
        precision: str = "fp32",
    ) -> None:
        self.model_dir = Path(model_dir)
        self._letter = letter_of(lang)
        self._files_check()
        _threads_set(threads)
        self._network = _network(self.model_dir, _device(device), precision)
        self.weights = sha256_of(self.model_dir / WEIGHTS)
        self._gradients: GradientNetwork | None = None
        self._g2ps: dict[str, G2P] = {self._letter: g2p(self._letter)}
        self._spoken = lru_cache(maxsize=4096)(self._phonemes)
        self._others: dict[str, KokoroStudent] = {self._letter: self}

    @property
    def device(self) -> str:
        """Device of the model: cpu or cuda:0."""
        return self._network.device

    def language_of(self, voice: str) -> str:
        """Return the letter of the language that a published voice speaks; empty for others."""
        return letter_of_voice(voice)

    def in_language(self, lang: str) -> KokoroStudent:
        """Return a student of another language that shares this one's network.

        Its phonemizer is loaded when it first speaks.

        Raises
        ------
        EngineError
            `bad_option`: not a language it speaks.
        """
        letter = letter_of(lang)
        if letter not in self._others:
            other = self._others[letter] = copy(self)
            other._letter = letter
            other._spoken = lru_cache(maxsize=4096)(other._phonemes)
        return self._others[letter]

    @property
    def prefers_batch(self) -> bool:
        """Whether several voices at once are faster: true on a GPU."""
        return self._network.prefers_batch

    def stock_voices(self) -> tuple[str, ...]:
        """Return the names of the packs in the model directory, Spanish ones first."""
        return voice_names(self.model_dir)

    def stock_voice(self, name: str) -> VoicePack:
        """Load a pack of the model directory; EngineError `missing_voice` lists existing ones."""
        found = [path for path in pack_paths(self.model_dir) if path.stem == name]
        if not found:
            there = ", ".join(self.stock_voices()) or "no voice at all"
            raise EngineError(
                "missing_voice",
                f"Looked for {self.model_dir / PACKS / f'{name}.pt'}; there is {there}. "
                f"`manage.py models pull kokoro --voices {name}` fetches a published one.",
            )
        try:
            return voicepack.load(found[0], engine=self.name)
        except PackError as error:
            raise EngineError("bad_voice", str(error)) from error

    def phoneme_count(self, text: str) -> int:
        """Return the length of Kokoro's phoneme string, including punctuation and stress marks."""
        return len(self._spoken(tidy(text)))

    def synthesize(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        """Speak `text`.

        Parameters
        ----------
        text : str
            Above 510 phonemes, its sentences are synthesized separately and joined.
        condition : VoicePack
            Of engine `kokoro`, 510 or 511 rows; each piece uses the row of its phoneme count.
        speed : float
            0.25…4.
        seed : int
            Of the vocoder's noise; torch's global random state is not changed.

        Returns
        -------
        Audio
            24 kHz, |y| < 1. Equal arguments give equal samples on one machine.

        Raises
        ------
        EngineError
            `empty_text`, `bad_speed`, `wrong_engine`.
        """
        return self.synthesize_many(text, [condition], speed=speed, seed=seed)[0]

    def synthesize_many(
        self, text: str, conditions: Sequence[VoicePack], *, speed: float = 1.0, seed: int = 0
    ) -> list[Audio]:
        """Speak `text` in several voices, each as by `synthesize`.

        On a GPU, voices whose speech has the same length are synthesized together (samples within
        1e-4, since sums have another order); on a CPU one after another, bit-identically.
        """
        for condition in conditions:
            check_request(self.name, condition, speed)
        spoken = [
            self._speak(self._spoken(piece), conditions, speed, seed + index)
            for index, piece in enumerate(pieces(tidy(text), self.phoneme_count, self.max_phonemes))
        ]
        return [Audio(joined(list(parts), self.sr), self.sr) for parts in zip(*spoken, strict=True)]

    def stream(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Iterator[Audio]:
        """Speak `text` window by window (`streaming.streamed`), without its silent edges.

        Parameters and errors are those of `synthesize`. Equal arguments give equal samples, but
        not those of `synthesize`.

        Yields
        ------
        Audio
            24 kHz, |y| < 1.
        """
        loudness = 1.0  # falls where a window would clip
        for index, (phonemes, row) in enumerate(self._rows(text, condition, speed)):
            if index:
                yield Audio(np.zeros(round(JOIN_S * self.sr), np.float32), self.sr)
            for y in self._windows(phonemes, row, speed, seed + index):
                loudness = min(loudness, self._loudness(y))
                yield Audio(y * np.float32(loudness), self.sr)

    def differentiable_synthesis(
        self, text: str, condition: VoicePack, *, seed: int = 0
    ) -> Callable[[Tensor], DifferentiableSpeech]:
        """Return the speech of `text` as a torch function of an offset to the voice.

        See `GradientNetwork` for what is held constant.

        Parameters
        ----------
        text, condition, seed
            As for `synthesize`.

        Returns
        -------
        callable
            Maps an offset, shape (256,), added to all rows, to `DifferentiableSpeech`.
        """
        network = self._gradient_network()
        parts = [
            (network.speech(phonemes, seed=seed + index), row)
            for index, (phonemes, row) in enumerate(self._rows(text, condition))
        ]
        return _joined(parts, self.sr)

    def differentiable_prosody(
        self, text: str, condition: VoicePack
    ) -> Callable[[Tensor], DifferentiableProsody]:
        """Return the predicted prosody of `text` as a torch function of an offset to the voice."""
        import torch

        network = self._gradient_network()
        parts = [(network.prosody(phonemes), row) for phonemes, row in self._rows(text, condition)]

        def predict(offset: Tensor) -> DifferentiableProsody:
            found = [one(torch.from_numpy(row.copy()) + offset) for one, row in parts]
            seconds = torch.stack([one.seconds for one in found]).sum() + JOIN_S * (len(found) - 1)
            return DifferentiableProsody(torch.cat([one.f0_hz for one in found]), seconds)

        return predict

    def _gradient_network(self) -> GradientNetwork:
        self._gradients = self._gradients or GradientNetwork(self._network)
        return self._gradients

    def _rows(
        self, text: str, condition: VoicePack, speed: float = 1.0
    ) -> list[tuple[str, Samples]]:
        """Return the phonemes of each piece of a text with the row that it uses."""
        check_request(self.name, condition, speed)
        spoken = map(self._spoken, pieces(tidy(text), self.phoneme_count, self.max_phonemes))
        return [(phonemes, condition.row(len(phonemes))) for phonemes in spoken]

    def _speak(
        self, phonemes: str, packs: Sequence[VoicePack], speed: float, seed: int
    ) -> list[Samples]:
        rows = [pack.row(len(phonemes)) for pack in packs]
        spoken = self._network.speak(phonemes, rows, speed=speed, seed=seed)
        return [
            self._quietened(self._fitted(y, phonemes, row, speed, sum))
            for y, row in zip(spoken, rows, strict=True)
        ]

    def _windows(self, phonemes: str, row: Samples, speed: float, seed: int) -> Iterator[Samples]:
        """Yield sound as it comes, or in one where it has to be fitted."""
        found = streamed(self._network, phonemes, row, speed=speed, seed=seed)
        if speed <= _FLEXIBLE:
            yield from found
        else:
            whole = np.concatenate(list(found))
            yield self._fitted(whole, phonemes, row, speed, frames_without_edges)

    def _fitted(
        self,
        y: Samples,
        phonemes: str,
        row: Samples,
        speed: float,
        kept: Callable[[Sequence[int]], int],
    ) -> Samples:
        """Return sound at the wanted length where frames alone cannot be short enough.

        `kept` tells how many of the frames at speed 1 the sound would have.
        """
        if speed <= _FLEXIBLE:
            return y
        wanted = kept(self._network.plain_frames(phonemes, row)) * FRAME / speed
        factor = wanted / len(y)
        return stretched(y, self.sr, factor) if abs(factor - 1) > _TOLERANCE else y

    def _quietened(self, y: Samples) -> Samples:
        return y * np.float32(self._loudness(y))

    def _loudness(self, y: Samples) -> float:
        """Return the factor, at most 1, that keeps the peak below 1."""
        peak = float(np.abs(y).max())
        if not np.isfinite(peak):
            raise EngineError("bad_model", f"{self.model_dir / WEIGHTS} gives no finite sound.")
        return min(1.0, _PEAK / max(peak, 1e-9))

    def _phonemes(self, text: str) -> str:
        if self._letter not in self._g2ps:
            self._g2ps[self._letter] = g2p(self._letter)
        phonemes = self._g2ps[self._letter](text)
        known: str = "".join(sign for sign in phonemes if sign in self._network.vocab)
        if not any(sign.isalpha() for sign in known):
            raise EngineError("empty_text", f"There is nothing to say in {text[:40]!r}.")
        return known

    def _files_check(self) -> None:
        missing = [name for name in (CONFIG, WEIGHTS) if not (self.model_dir / name).is_file()]
        if missing:
            voices = ", ".join(self.stock_voices()) or "none"
            raise EngineError(
                "missing_model",
                f"Kokoro misses {' and '.join(str(self.model_dir / name) for name in missing)}. "
                "`manage.py models pull kokoro` fetches them, and voices; or put there the files "
                f"of that name from huggingface.co/{REPO}, and voices into "
                f"{self.model_dir / PACKS}/ (there now: {voices}).",
            )


def _joined(
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


def _network(model_dir: Path, device: str, precision: str) -> Network:
    model = load(model_dir / CONFIG, model_dir / WEIGHTS).to(device)
    return Network(model, bf16=_bf16(precision, device))


def _bf16(precision: str, device: str) -> bool:
    import torch

    if precision not in INFO.precisions:
        raise EngineError(
            "bad_option", f"precision: {', '.join(INFO.precisions)}, not {precision!r}."
        )
    if precision == "fp32":
        return False
    able = (
        torch.cuda.is_bf16_supported()
        if device == "cuda"
        else bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )
    if precision == "bf16" and not able:
        raise EngineError("bad_option", "precision: this processor has no bfloat16; use fp32.")
    return able


def _device(device: str | None) -> str:
    import torch

    there = torch.cuda.is_available()
    if device in (None, "", "auto"):
        return "cuda" if there else "cpu"
    if device == "cuda" and not there:
        raise EngineError("bad_option", "device: torch sees no GPU here; use cpu.")
    if device not in ("cpu", "cuda"):
        raise EngineError("bad_option", f"device: cpu or cuda, not {device!r}.")
    return device


def _threads_set(threads: int | str | None) -> None:
    import torch

    if threads is None or threads == "":
        return
    try:
        number = int(threads)
    except ValueError as error:
        raise EngineError("bad_option", f"threads: a number, not {threads!r}.") from error
    if number < 1:
        raise EngineError("bad_option", f"threads: at least 1, not {number}.")
    torch.set_num_threads(number)
