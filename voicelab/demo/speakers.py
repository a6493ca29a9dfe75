"""Which engine the demo speaks with, and its synthetic speaker."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from corpus.audio.types import Audio


class DemoSpeaker(Protocol):
    """A synthetic person who speaks every style in her own manner."""

    name: str
    engine: str

    def speak(self, text: str, style: str, *, seed: int) -> Audio: ...


def speaker_of(engine: str, model_dir: Path) -> DemoSpeaker:
    """Return the speaker of the engine `kokoro` or `praat`; only that engine's library loads."""
    if engine == "kokoro":
        from voicelab.demo.natural_speaker import NaturalSpeaker

        return NaturalSpeaker(model_dir)
    from voicelab.demo.robotic_speaker import RoboticSpeaker

    return RoboticSpeaker()
