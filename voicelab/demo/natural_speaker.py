"""The demo's speaker if Kokoro is available: one stock voice with a manner for each style."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import parselmouth
from parselmouth.praat import call

from corpus.audio.types import Audio, Samples
from distillation import engines
from voicelab.demo.room import recorded

STOCK_VOICE = "af_sarah"  # the demo's search may not use it as a base voice
PRECISION = "auto"  # bf16 if the processor supports it
PROCESSES = 2  # of 1.3 GB each; the search that follows has as many workers
PITCH_RANGE_HZ = (75.0, 500.0)
SEEDED = "random_initializeWithSeedUnsafelyButPredictably (0)"  # overlap-add is random


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

    Parameters
    ----------
    model_dir : path
        Contains Kokoro's files, including `STOCK_VOICE`.

    Raises
    ------
    EngineError
        `missing_model`, `missing_voice`.
    """

    name = "Nora (sintética)"
    engine = "kokoro"

    def __init__(self, model_dir: Path) -> None:
        self._model_dir = model_dir
        options = {"model_dir": model_dir, "precision": PRECISION}
        self._student = engines.student(self.engine, options)
        self._voice = self._student.stock_voice(STOCK_VOICE)

    def speak(self, text: str, style: str, *, seed: int) -> Audio:
        manner, rng = MANNERS[style], np.random.default_rng([seed, len(text)])
        speed = manner.speed * rng.uniform(0.99, 1.01)
        spoken = self._student.synthesize(text, self._voice, speed=speed, seed=seed)
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
