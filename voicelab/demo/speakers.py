"""The demo's synthetic speakers, on Kokoro or on espeak-ng, and the room that records them."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol

import numpy as np
import parselmouth
from parselmouth.praat import call

from corpus.audio.types import Audio, Samples
from corpus.files import sha256_of, sha256_of_json
from distillation import engines
from distillation.engines import STUDENTS
from distillation.engines.base import Student
from distillation.engines.kokoro.files import WEIGHTS, pack_paths

STOCK_VOICE = "af_sarah"  # the demo's search may not use it as a base voice
PRECISION = "auto"  # bf16 if the processor supports it
VERSION = 1  # incremented when takes become others for the same weights and manners
PROCESSES = 2  # of 1.3 GB each; the search that follows has as many workers
PITCH_RANGE_HZ = (75.0, 500.0)
SEEDED = "random_initializeWithSeedUnsafelyButPredictably (0)"  # overlap-add is random
VARIANT = "Annie"  # an espeak-ng timbre that the `praat` student's own voices do not use
SR = 24_000
PEAK = 0.5
QUIET_S = 0.33
NOISE = 0.0004  # about -68 dBFS: a quiet room, not digital silence
LEVELS_DB = 0.5  # level variation between takes, ±


class DemoSpeaker(Protocol):
    """A synthetic speaker with a manner for every style."""

    @property
    def name(self) -> str: ...

    @property
    def engine(self) -> str: ...

    def speak(self, text: str, style: str, *, seed: int) -> Audio:
        """Speak `text` in `style`, with a third of a second of room noise before and after.

        Parameters
        ----------
        text : str
            One Spanish sentence.
        style : str
            A style key of the corpus.
        seed : int
            Seed of the small differences between two takes and of the room's noise.

        Returns
        -------
        Audio
            24 kHz, peak about -6 dBFS. The same call gives the same samples.
        """
        ...

    def speak_all(self, lines: Sequence[tuple[str, str]], *, seed: int) -> Iterator[Audio]:
        """Speak each text in its style, in this order."""
        ...


def speaker_of(engine: str, model_dir: Path) -> DemoSpeaker:
    """Return the speaker for a demo on this student."""
    return NaturalSpeaker(model_dir) if STUDENTS[engine].is_natural else RoboticSpeaker()


@dataclass(frozen=True)
class Manner:
    """How a style is spoken, relative to the voice's neutral speech.

    The range of the pitch stays the voice's own: a voice pack hardly changes it.
    """

    speed: float
    pitch_st: float
    gain_db: float


MANNERS = {
    "neutral": Manner(speed=1.00, pitch_st=0.0, gain_db=0.0),
    "amable": Manner(speed=0.95, pitch_st=1.5, gain_db=0.5),
    "empatico": Manner(speed=0.87, pitch_st=-1.5, gain_db=-3.0),
    "profesional": Manner(speed=1.07, pitch_st=-0.5, gain_db=1.0),
}


class NaturalSpeaker:
    """Nora: Kokoro's stock voice `STOCK_VOICE`; speed by Kokoro, pitch by PSOLA.

    Its network is loaded with the first sentence, in the process that speaks it.

    Parameters
    ----------
    model_dir : path
        Contains Kokoro's files, including `STOCK_VOICE`.
    """

    name = "Nora (sintética)"
    engine = "kokoro"

    def __init__(self, model_dir: Path) -> None:
        self._model_dir = model_dir

    @cached_property
    def _student(self) -> Student:
        options = {"model_dir": self._model_dir, "precision": PRECISION}
        return engines.student(self.engine, options)

    @property
    def fingerprint(self) -> str:
        """Hash of all that its takes depend on, besides text, style and seed."""
        packs = [path for path in pack_paths(self._model_dir) if path.stem == STOCK_VOICE]
        hashes = [sha256_of(path) for path in (self._model_dir / WEIGHTS, *packs)]
        return sha256_of_json([VERSION, *hashes, PRECISION, repr(MANNERS)])

    def speak(self, text: str, style: str, *, seed: int) -> Audio:
        manner, rng = MANNERS[style], np.random.default_rng([seed, len(text)])
        speed = manner.speed * rng.uniform(0.99, 1.01)
        voice = self._student.stock_voice(STOCK_VOICE)
        spoken = self._student.synthesize(text, voice, speed=speed, seed=seed)
        return recorded(_shifted(spoken, manner), spoken.sr, manner.gain_db, rng)

    def speak_all(self, lines: Sequence[tuple[str, str]], *, seed: int) -> Iterator[Audio]:
        """Speak in several processes of one thread: two threads sum in another order than one."""
        count = min(PROCESSES, len(lines))
        if count < 2:
            yield from (self.speak(*line, seed=seed) for line in lines)
            return
        with ProcessPoolExecutor(
            count, multiprocessing.get_context("spawn"), _start, (self._model_dir,)
        ) as pool:
            try:
                yield from pool.map(partial(_speak, seed), lines)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


_speaker: NaturalSpeaker  # of a process of the pool


def _start(model_dir: Path) -> None:
    global _speaker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the demo's
    _speaker = NaturalSpeaker(model_dir)


def _speak(seed: int, line: tuple[str, str]) -> Audio:
    return _speaker.speak(*line, seed=seed)


def _shifted(audio: Audio, manner: Manner) -> Samples:
    """Apply the manner's pitch; its range, timbre and length are unchanged."""
    sound = parselmouth.Sound(audio.y.astype(np.float64), audio.sr)
    f0 = sound.to_pitch(None, *PITCH_RANGE_HZ).selected_array["frequency"]
    if manner.pitch_st == 0.0 or not (f0 > 0).any():
        return audio.y
    median_hz = float(np.median(f0[f0 > 0])) * 2 ** (manner.pitch_st / 12)
    low_hz, high_hz = PITCH_RANGE_HZ
    parselmouth.praat.run(SEEDED)
    changed = call(sound, "Change gender", low_hz, high_hz, 1.0, median_hz, 1.0, 1.0)
    return np.asarray(changed.values[0], np.float32)


@dataclass(frozen=True)
class RoboticManner:
    """How a style is spoken, relative to the voice's neutral speech."""

    pitch: float  # × the voice's pitch
    range: float  # × the voice's pitch range
    words_a_minute: int
    gap_s: float  # added between words
    gain_db: float
    formants: float  # × formant frequencies: a smile is brighter, concern darker


ROBOTIC_MANNERS = {
    "neutral": RoboticManner(1.00, 1.00, 155, 0.01, 0.0, 1.00),
    "amable": RoboticManner(1.14, 1.40, 148, 0.01, 0.5, 1.04),
    "empatico": RoboticManner(0.92, 0.80, 132, 0.05, -3.0, 0.96),
    "profesional": RoboticManner(0.97, 1.10, 166, 0.01, 1.0, 0.99),
}


class RoboticSpeaker:
    """Alba: an espeak-ng timbre that is not one of the `praat` student's voices."""

    name = "Alba (sintética)"
    engine = "praat"

    def speak(self, text: str, style: str, *, seed: int) -> Audio:
        rng = np.random.default_rng([seed, len(text)])
        sound = _synthesize(text, ROBOTIC_MANNERS[style], rng)
        return recorded(sound.values[0], SR, ROBOTIC_MANNERS[style].gain_db, rng)

    def speak_all(self, lines: Sequence[tuple[str, str]], *, seed: int) -> Iterator[Audio]:
        return (self.speak(*line, seed=seed) for line in lines)


def _synthesize(text: str, manner: RoboticManner, rng: np.random.Generator) -> parselmouth.Sound:
    synthesizer = call("Create SpeechSynthesizer...", "Spanish (Spain)", VARIANT)
    call(
        synthesizer,
        "Speech output settings...",
        SR,
        manner.gap_s,
        manner.pitch * rng.uniform(0.985, 1.015),
        manner.range,
        int(manner.words_a_minute * rng.uniform(0.98, 1.02)),
        "IPA",
    )
    sound = call(synthesizer, "To Sound", text, False)[0]
    parselmouth.praat.run("random_initializeWithSeedUnsafelyButPredictably (0)")
    return call(sound, "Change gender", 75, 500, manner.formants, 0, 1, 1)


def recorded(y: Samples, sr: int, gain_db: float, rng: np.random.Generator) -> Audio:
    """Simulate recording speech with a microphone in a quiet room.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Speech, not silent.
    sr : int
        Sample rate, Hz.
    gain_db : float
        Gain relative to a peak of about -6 dBFS.
    rng : numpy.random.Generator
        Draws the take's level variation and the noise.
    """
    level_db = gain_db + rng.uniform(-LEVELS_DB, LEVELS_DB)
    y = y * (PEAK / np.abs(y).max())
    y = y * 10 ** (level_db / 20)
    quiet = np.zeros(int(QUIET_S * sr), y.dtype)
    y = np.concatenate([quiet, y, quiet])
    return Audio((y + rng.normal(0, NOISE, len(y))).astype(np.float32), sr)
