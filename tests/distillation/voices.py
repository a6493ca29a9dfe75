"""Real voices for the tests of the distillation: praat's stock and one outside it."""

from functools import cache
from pathlib import Path

import numpy as np

from corpus.audio.types import Audio
from distillation.engines.base import Prompt
from distillation.engines.praat.steering import Settings, row_of
from distillation.engines.praat.student import PraatStudent
from distillation.recipe import RunRecipe, StyleRecipe
from distillation.voicepack import VoicePack

SHORT = "Buenos días, le atiende Marina."
OTHER = "Su pedido llega el lunes."
LONG = "Para continuar con la gestión necesito verificar su número de cliente."
HELD_OUT = (
    "Espere un momento, por favor, mientras reviso los datos de su contrato.",
    "Mañana por la tarde le llamará un técnico para acordar la hora de la visita.",
)
REFERENCE = (
    "Gracias por llamar a nuestro servicio de atención al cliente.",
    "Lamento mucho las molestias que le hemos causado esta semana.",
    "Su factura de marzo asciende a cuarenta y siete euros.",
    "Nuestra oficina abre de lunes a viernes, de nueve a seis.",
    "Según nuestra política, dispone de treinta días para cambiarlo.",
)
STRANGER = Settings(
    formant=1.12, tilt_db=2.0, low_db=-4, mid_db=-2, presence_db=4, air_db=-4, breath_db=-30,
    pitch_hz=150, intonation=1.0, rate_wpm=170, gap_s=0.01,
)  # fmt: skip


@cache
def student() -> PraatStudent:
    return PraatStudent()


@cache
def stranger() -> VoicePack:
    """A speaker outside praat's stock voices."""
    rows = np.tile(row_of(STRANGER)[None, None, :], (510, 1, 1))
    return VoicePack(rows.astype(np.float32), "praat")


@cache
def say(text: str = SHORT, voice: str = "") -> Audio:
    """Speak with a stock voice, or with the stranger."""
    pack = student().stock_voice(voice) if voice else stranger()
    return student().synthesize(text, pack, seed=1)


class SpeakingTeacher:
    """A teacher whose voice is the stranger's: the engine `praat` in the other role."""

    name = "stranger"

    def synthesize(
        self, text: str, condition: Prompt, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        return student().synthesize(text, stranger(), speed=speed, seed=seed)


def recipe(tmp: Path | None = None, **changes: object) -> RunRecipe:
    """A recipe small enough for a test."""
    style = StyleRecipe(key="neutral", speed=1.0, reference_texts=REFERENCE)
    settings: dict[str, object] = {
        "styles": (style,),
        "search_texts": (SHORT, OTHER),
        "held_out_texts": HELD_OUT,
        "base_voices": ("pf_luz", "pm_teo"),
        "steps": 8,
        "seed": 3,
    }
    return RunRecipe(**{**settings, **changes})
