"""The interfaces of engines: text and a voice or prompt in, audio out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from corpus.audio.types import Audio
from distillation.voicepack import VoicePack


class EngineError(RuntimeError):
    """An engine cannot speak; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What conditions a teacher: reference audio and its transcript, or takes by text."""

    style: str
    audio: Path | None = None
    transcript: str = ""
    takes: dict[str, Path] = field(default_factory=dict)


class Student(Protocol):
    """An engine whose voice is a pack.

    Attributes
    ----------
    weights : str
        SHA-256 of the file of the network; empty if there is none.
    """

    name: ClassVar[str]
    sr: int
    max_phonemes: int
    weights: str

    def synthesize(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        """Speak `text` with the voice `condition`; equal arguments give equal samples."""
        ...

    def phoneme_count(self, text: str) -> int:
        """Return the number of phonemes in `text`; the pack's row is this minus one, clipped."""
        ...

    def stock_voices(self) -> tuple[str, ...]:
        """Return the names of the engine's own voices, best known first."""
        ...

    def stock_voice(self, name: str) -> VoicePack:
        """Load one of `stock_voices`; EngineError `missing_voice` lists the available ones."""
        ...


@runtime_checkable
class BatchStudent(Protocol):
    """A student that can speak a text in several voices at once.

    Attributes
    ----------
    prefers_batch : bool
        Whether that is faster here than one voice after another.
    """

    @property
    def prefers_batch(self) -> bool: ...

    def synthesize_many(
        self, text: str, conditions: Sequence[VoicePack], *, speed: float = 1.0, seed: int = 0
    ) -> list[Audio]:
        """Speak `text` in each voice; the samples are nearly those of `synthesize`."""
        ...


@runtime_checkable
class StreamingStudent(Protocol):
    """A student whose first sound comes before it has spoken the whole text."""

    def stream(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Iterator[Audio]:
        """Yield the sound of `text` bit by bit, without silence before it and after it."""
        ...


@runtime_checkable
class ConcurrentStudent(Protocol):
    """A student that several threads may use at once, sharing its weights."""

    def share_processor(self, among: int) -> None:
        """Use one of so many equal shares of the processor's threads in the calling thread."""
        ...


class SpokenWord(NamedTuple):
    """A word as written, with its punctuation, and when it is spoken, in seconds."""

    word: str
    start_s: float
    end_s: float


@runtime_checkable
class CaptioningStudent(Protocol):
    """A student that knows when it speaks each word."""

    def captioned(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Iterator[tuple[Audio, list[SpokenWord]]]:
        """Yield the sound of `stream`, each part with the words that end in it."""
        ...


@runtime_checkable
class PhonemeStudent(Protocol):
    """A student that shows its phonemes, and speaks those it is given."""

    def phonemes(self, text: str) -> str:
        """Return the phonemes of a text; EngineError `empty_text` if it has none."""
        ...

    def tokens(self, phonemes: str) -> list[int]:
        """Return the ids of phonemes in the network."""
        ...

    def check_phonemes(self, phonemes: str) -> None:
        """Raise EngineError `bad_phonemes`, which names what cannot be spoken or is too much."""
        ...

    def speak_phonemes(
        self, phonemes: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Iterator[Audio]:
        """Yield the sound of phonemes, as `stream` does that of a text."""
        ...


@runtime_checkable
class MultilingualStudent(Protocol):
    """A student that speaks several languages with one network."""

    def language_of(self, voice: str) -> str:
        """Return the language of one of its published voices; empty if its name does not say."""
        ...

    def in_language(self, lang: str) -> Student:
        """Return the student for a language; EngineError `bad_option` lists those it speaks."""
        ...


class DifferentiableProsody(NamedTuple):
    """What a student predicts of a text's prosody, as torch tensors.

    Attributes
    ----------
    f0_hz : Tensor, shape (frames,)
        Near 0 where unvoiced.
    seconds : Tensor, shape ()
        From the first sound to the last, pauses between them included.
    """

    f0_hz: Any
    seconds: Any


class DifferentiableSpeech(NamedTuple):
    """A text as spoken, as torch tensors: its samples, and prosody as predicted for them.

    Attributes
    ----------
    samples : Tensor, shape (n,), float32
        At the student's rate; the peak is not limited.
    f0_hz, seconds : Tensor
        As in `DifferentiableProsody`.
    """

    samples: Any
    f0_hz: Any
    seconds: Any


@runtime_checkable
class Differentiable(Protocol):
    """A student whose speech is differentiable by its voice."""

    name: ClassVar[str]
    sr: int

    def differentiable_synthesis(
        self, text: str, condition: VoicePack, *, seed: int = 0
    ) -> Callable[[Any], DifferentiableSpeech]:
        """Return a torch function of an offset (256,) added to all rows."""
        ...

    def differentiable_prosody(
        self, text: str, condition: VoicePack
    ) -> Callable[[Any], DifferentiableProsody]:
        """Return the same without synthesis, which takes much less time."""
        ...


class Teacher(Protocol):
    """An engine whose voice is a prompt."""

    name: ClassVar[str]

    def synthesize(
        self, text: str, condition: Prompt, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        """Speak `text` in the voice of the prompt."""
        ...


Options = dict[str, Any]

SPEEDS = (0.25, 4.0)


def check_request(engine: str, condition: VoicePack, speed: float) -> None:
    """Reject requests that no student can speak.

    Raises
    ------
    EngineError
        `wrong_engine`: the pack is for another engine; `bad_speed`: outside `SPEEDS`.
    """
    if condition.engine != engine:
        raise EngineError(
            "wrong_engine", f"This pack is for {condition.engine!r}; {engine} cannot speak it."
        )
    if not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise EngineError("bad_speed", f"speed: 0.25 to 4, not {speed}.")
