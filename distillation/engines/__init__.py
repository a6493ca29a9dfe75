"""Students and teachers by name; an engine's libraries load when it is first made."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from distillation.engines.base import EngineError, Options, Prompt, Student, Teacher

__all__ = [
    "DIFFERENTIABLE",
    "STUDENTS",
    "TEACHERS",
    "EngineError",
    "Prompt",
    "Student",
    "Teacher",
    "student",
    "teacher",
]

STUDENTS: Mapping[str, str] = MappingProxyType(
    {
        "praat": "distillation.engines.praat.student:PraatStudent",
        "kokoro": "distillation.engines.kokoro.student:KokoroStudent",
    }
)
DIFFERENTIABLE = ("kokoro",)  # students the strategies of `search.EXPERIMENTAL` work with
TEACHERS: Mapping[str, str] = MappingProxyType(
    {
        "recordings": "distillation.engines.recordings:RecordingsTeacher",
        "http": "distillation.engines.http:HttpTeacher",
        "f5": "distillation.engines.f5.teacher:F5Teacher",
    }
)


def student(name: str, options: Options | None = None) -> Student:
    """Make the student of this name.

    Raises
    ------
    EngineError
        `unknown_engine`, `bad_option`, or what the engine itself misses.
    """
    if name not in STUDENTS:
        raise EngineError(
            "unknown_engine", f"There is no student {name!r}; choose one of {', '.join(STUDENTS)}."
        )
    made: Student = _make(name, STUDENTS[name], options)
    return made


def teacher(name: str, options: Options | None = None) -> Teacher:
    """Make the teacher of this name.

    Raises
    ------
    EngineError
        `unknown_engine`, `bad_option`, or what the engine itself misses.
    """
    if name not in TEACHERS:
        raise EngineError(
            "unknown_engine", f"There is no teacher {name!r}; choose one of {', '.join(TEACHERS)}."
        )
    made: Teacher = _make(name, TEACHERS[name], options)
    return made


def _make(name: str, where: str, options: Options | None) -> Any:
    module, _, cls = where.partition(":")
    try:
        return getattr(import_module(module), cls)(**(options or {}))
    except TypeError as error:
        raise EngineError("bad_option", f"Engine {name!r}: {error}.") from error
