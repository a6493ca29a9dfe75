"""Student `kokoro`: Kokoro-82M from a local model directory, without downloads."""

from __future__ import annotations

import threading
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
    SpokenWord,
    check_request,
)
from distillation.engines.kokoro.captions import Captions, word_frames
from distillation.engines.kokoro.files import PACKS, WEIGHTS, check_files, pack_paths, voice_names
from distillation.engines.kokoro.gradient import GradientNetwork, joined_speech
from distillation.engines.kokoro.languages import (
    G2P,
    check_phonemes,
    g2p,
    letter_of,
    letter_of_voice,
    read_in,
)
from distillation.engines.kokoro.streaming import (
    FLEXIBLE,
    FRAME,
    Piece,
    Plan,
    planned,
    streamed,
    tempo_of,
)
from distillation.engines.kokoro.tempo import Tempo
from distillation.engines.kokoro.weights import device_of, network_of, set_threads, torch_threads
from distillation.engines.long_text import JOIN_S, joined, pieces, tidy
from distillation.voicepack import PackError, VoicePack

if TYPE_CHECKING:
    from torch import Tensor

_PEAK = 0.97
_ESPEAK = threading.Lock()  # espeak-ng has one state per process


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
        check_files(self.model_dir)
        set_threads(threads)
        self._threads = torch_threads()
        self._network = network_of(self.model_dir, device_of(device), precision)
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

    def share_processor(self, among: int) -> None:
        """Use one of so many equal shares of torch's threads in the calling thread.

        Two threads with one of torch's each speak 1.6 times as much as one with two of them.
        """
        set_threads(max(1, self._threads // among))

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
        for audio, _ in self._sound(self._pieces(text, condition, speed), speed, seed):
            yield audio

    def captioned(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Iterator[tuple[Audio, list[SpokenWord]]]:
        """Speak `text` as `stream` does, and tell when each word is spoken.

        Yields
        ------
        Audio, list of SpokenWord
            Each part of the sound, and the words that end in it; seconds since the first part.
        """
        found = self._pieces(text, condition, speed)
        return self._sound(found, speed, seed, captions=self._captions)

    def phonemes(self, text: str) -> str:
        """Return the phonemes of a text of any length, as they are spoken.

        Raises
        ------
        EngineError
            `empty_text`.
        """
        return self._spoken(tidy(text))

    def tokens(self, phonemes: str) -> list[int]:
        """Return the ids of phonemes in the network."""
        return [self._network.vocab[sign] for sign in phonemes]

    def check_phonemes(self, phonemes: str) -> None:
        """Raise EngineError `bad_phonemes` if the string cannot be spoken; it says why not."""
        check_phonemes(phonemes, self._network.vocab, self.max_phonemes)

    def speak_phonemes(
        self, phonemes: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Iterator[Audio]:
        """Speak a phoneme string as `stream` speaks a text; errors as of `check_phonemes`."""
        check_request(self.name, condition, speed)
        self.check_phonemes(phonemes)
        for audio, _ in self._sound([Piece.of("", phonemes, condition)], speed, seed):
            yield audio

    def _sound(
        self,
        found: Sequence[Piece],
        speed: float,
        seed: int,
        captions: Callable[[Piece, Plan], Captions] | None = None,
    ) -> Iterator[tuple[Audio, list[SpokenWord]]]:
        """Yield the sound of pieces window by window, with captions if asked for."""
        loudness = 1.0  # falls where a window would clip
        given = 0  # samples
        for index, piece in enumerate(found):
            if index:
                silence = np.zeros(round(JOIN_S * self.sr), np.float32)
                given += len(silence)
                yield Audio(silence, self.sr), []
            plan = planned(self._network, piece, speed=speed, seed=seed + index)
            words, before_s = captions and captions(piece, plan), given / self.sr
            for y in streamed(self._network, plan):
                loudness = min(loudness, self._loudness(y))
                given += len(y)
                ended = words.after(y) if words else []
                yield (
                    Audio(y * np.float32(loudness), self.sr),
                    [
                        SpokenWord(word, start_s + before_s, end_s + before_s)
                        for word, start_s, end_s in ended
                    ],
                )

    def _captions(self, piece: Piece, plan: Plan) -> Captions:
        words = word_frames(
            piece.text,
            piece.phonemes,
            plan.frames,
            lambda text: read_in(self._letter, text),
            self._phonemes,
        )
        return Captions(words, (plan.first, plan.end), plan.samples, self.sr)

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
            (network.speech(piece.phonemes, seed=seed + index), piece.row)
            for index, piece in enumerate(self._pieces(text, condition))
        ]
        return joined_speech(parts, self.sr)

    def differentiable_prosody(
        self, text: str, condition: VoicePack
    ) -> Callable[[Tensor], DifferentiableProsody]:
        """Return the predicted prosody of `text` as a torch function of an offset to the voice."""
        import torch

        network = self._gradient_network()
        parts = [
            (network.prosody(piece.phonemes), piece.row) for piece in self._pieces(text, condition)
        ]

        def predict(offset: Tensor) -> DifferentiableProsody:
            found = [one(torch.from_numpy(row.copy()) + offset) for one, row in parts]
            seconds = torch.stack([one.seconds for one in found]).sum() + JOIN_S * (len(found) - 1)
            return DifferentiableProsody(torch.cat([one.f0_hz for one in found]), seconds)

        return predict

    def _gradient_network(self) -> GradientNetwork:
        self._gradients = self._gradients or GradientNetwork(self._network)
        return self._gradients

    def _pieces(self, text: str, condition: VoicePack, speed: float = 1.0) -> list[Piece]:
        """Return the pieces of a text that are spoken at once."""
        check_request(self.name, condition, speed)
        return [
            Piece.of(part, self._spoken(part), condition)
            for part in pieces(tidy(text), self.phoneme_count, self.max_phonemes)
        ]

    def _speak(
        self, phonemes: str, packs: Sequence[VoicePack], speed: float, seed: int
    ) -> list[Samples]:
        rows = [pack.row(len(phonemes)) for pack in packs]
        wide = [pack.pitch_range for pack in packs]
        spoken = self._network.speak(phonemes, rows, speed=speed, seed=seed, pitch_ranges=wide)
        return [
            self._quietened(self._fitted(y, phonemes, row, speed))
            for y, row in zip(spoken, rows, strict=True)
        ]

    def _fitted(self, y: Samples, phonemes: str, row: Samples, speed: float) -> Samples:
        """Return sound at the wanted length where frames alone cannot be short enough."""
        if speed <= FLEXIBLE:
            return y
        plain = sum(self._network.plain_frames(phonemes, row))
        tempo = Tempo(tempo_of(plain, len(y) // FRAME, speed))
        return np.concatenate([tempo.feed(y), tempo.finish()])

    def _quietened(self, y: Samples) -> Samples:
        return y * np.float32(self._loudness(y))

    def _loudness(self, y: Samples) -> float:
        """Return the factor, at most 1, that keeps the peak below 1."""
        peak = float(np.abs(y).max())
        if not np.isfinite(peak):
            raise EngineError("bad_model", f"{self.model_dir / WEIGHTS} gives no finite sound.")
        return min(1.0, _PEAK / max(peak, 1e-9))

    def _phonemes(self, text: str) -> str:
        with _ESPEAK:
            if self._letter not in self._g2ps:
                self._g2ps[self._letter] = g2p(self._letter)
            phonemes = self._g2ps[self._letter](text)
        known: str = "".join(sign for sign in phonemes if sign in self._network.vocab)
        if not any(sign.isalpha() for sign in known):
            raise EngineError("empty_text", f"There is nothing to say in {text[:40]!r}.")
        return known
