"""Which engines new runs and the speech service use here, and which setting decides it."""

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from distillation import engines
from distillation.engines import STUDENTS
from distillation.manifest import deployed_engine
from distillation.services.voices_dir import voices_dir


@dataclass(frozen=True, kw_only=True)
class InUse:
    """Engines by name; `stock` are the voices the speech service has besides deployed ones."""

    student: str
    speech: str
    speech_by: Literal["set", "deployed", "files"]
    stock: tuple[str, ...]
    natural: str  # the student with natural-sounding voices; below, whether its files are here
    natural_is_here: bool
    speech_is_natural: bool | None  # None: `speech` is not a known student


def default_student() -> str:
    """Return the student of a run that names none; not cached, so new model files are found."""
    return str(settings.STUDENT or engines.default_student(settings.MODEL_DIR))


def engines_in_use() -> InUse:
    """Return the engines of new runs and of the speech service when it next starts."""
    speech, speech_by = _speech()
    info, natural = STUDENTS.get(speech), engines.natural_student()
    return InUse(
        student=default_student(),
        speech=speech,
        speech_by=speech_by,
        stock=info.stock_voices(settings.MODEL_DIR) if info else (),
        natural=natural.name,
        natural_is_here=engines.has_voices(natural.name, settings.MODEL_DIR),
        speech_is_natural=info.is_natural if info else None,
    )


def _speech() -> tuple[str, Literal["set", "deployed", "files"]]:
    """Return the engine and what determines it, in the order the speech service's settings do."""
    if settings.TTS_BACKEND:
        return settings.TTS_BACKEND, "set"
    if deployed := deployed_engine(voices_dir()):
        return deployed, "deployed"
    return engines.default_student(settings.MODEL_DIR, voices=1), "files"
