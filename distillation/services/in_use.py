"""Which engines are in use here: for new runs and by the speech service, and what decides it."""

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from distillation.engines.stock import default_engine, kokoro_is_there, stock_names
from distillation.stages.deploy import deployed_engine


@dataclass(frozen=True, kw_only=True)
class InUse:
    """The engines by name; `stock` is what the speech service offers beside deployed voices."""

    student: str
    speech: str
    speech_by: Literal["set", "deployed", "files"]
    kokoro: bool
    stock: tuple[str, ...]


def default_student() -> str:
    """Return the student of a run that names none; files that came a moment ago count."""
    return str(settings.STUDENT or default_engine(settings.MODEL_DIR))


def engines_in_use() -> InUse:
    """Tell what new runs use, and what the speech service speaks with once it starts."""
    speech, speech_by = _speech()
    served = speech in ("kokoro", "praat")
    return InUse(
        student=default_student(),
        speech=speech,
        speech_by=speech_by,
        kokoro=kokoro_is_there(settings.MODEL_DIR),
        stock=stock_names(speech, settings.MODEL_DIR) if served else (),
    )


def _speech() -> tuple[str, Literal["set", "deployed", "files"]]:
    """Return the engine and what decides on it, in the order of the speech service's settings."""
    if settings.TTS_BACKEND:
        return settings.TTS_BACKEND, "set"
    if deployed := deployed_engine(settings.VOICES_DIR):
        return deployed, "deployed"
    return default_engine(settings.MODEL_DIR, voices=1), "files"
