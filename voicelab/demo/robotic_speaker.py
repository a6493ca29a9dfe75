"""The demo's speaker if Kokoro is unavailable: espeak-ng inside Praat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import parselmouth
from parselmouth.praat import call

from corpus.audio.types import Audio
from voicelab.demo.room import recorded

VARIANT = "Annie"  # an espeak-ng timbre that the `praat` student's own voices do not use
SR = 24_000


@dataclass(frozen=True)
class Manner:
    """How a style is spoken, relative to the voice's neutral speech."""

    pitch: float  # × the voice's pitch
    range: float  # × the voice's pitch range
    words_a_minute: int
    gap_s: float  # added between words
    gain_db: float
    formants: float  # × formant frequencies: a smile is brighter, concern darker


MANNERS = {
    "neutral": Manner(1.00, 1.00, 155, 0.01, 0.0, 1.00),
    "amable": Manner(1.14, 1.40, 148, 0.01, 0.5, 1.04),
    "empatico": Manner(0.92, 0.80, 132, 0.05, -3.0, 0.96),
    "profesional": Manner(0.97, 1.10, 166, 0.01, 1.0, 0.99),
}


class RoboticSpeaker:
    """Alba: an espeak-ng timbre that is not one of the `praat` student's voices."""

    name = "Alba (sintética)"
    engine = "praat"

    def speak(self, text: str, style: str, *, seed: int) -> Audio:
        rng = np.random.default_rng([seed, len(text)])
        sound = _synthesize(text, MANNERS[style], rng)
        return recorded(sound.values[0], SR, MANNERS[style].gain_db, rng)

    def speak_all(self, lines: Sequence[tuple[str, str]], *, seed: int) -> Iterator[Audio]:
        return (self.speak(*line, seed=seed) for line in lines)


def _synthesize(text: str, manner: Manner, rng: np.random.Generator) -> parselmouth.Sound:
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
