"""Which engine the demo speaks with, and its synthetic speaker."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from corpus.audio.types import Audio
from distillation.engines import STUDENTS


class DemoSpeaker(Protocol):
    """A synthetic person who speaks every style in her own manner."""

    name: str
    engine: str

    def speak(self, text: str, style: str, *, seed: int) -> Audio:
        """Speak `text` in `style`, with a third of a second of room before and after.

        Parameters
        ----------
        text : str
            One Spanish sentence.
        style : str
            A key of the corpus' styles.
        seed : int
            Seed of the small differences between two takes and of the room's noise.

        Returns
        -------
        Audio
            24 kHz, peak about -6 dBFS. Equal calls in equal order give equal samples.
        """
        ...


def speaker_of(engine: str, model_dir: Path) -> DemoSpeaker:
    """Return the speaker for a demo on this student; only her own engine's library loads."""
    if STUDENTS[engine].is_natural:
        from voicelab.demo.natural_speaker import NaturalSpeaker

        return NaturalSpeaker(model_dir)
    from voicelab.demo.robotic_speaker import RoboticSpeaker

    return RoboticSpeaker()
