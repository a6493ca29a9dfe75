"""Students and teachers by name; an engine's libraries are imported when it is first made.

To add an engine, write a module with an `INFO` and add a line here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from distillation.engines import f5, http, kokoro, praat, recordings
from distillation.engines.base import EngineError, Options, Prompt, Student, Teacher
from distillation.engines.capabilities import MIN_BASE_VOICES, StudentInfo, TeacherInfo

__all__ = [
    "MIN_BASE_VOICES",
    "STUDENTS",
    "TEACHERS",
    "EngineError",
    "Prompt",
    "Student",
    "StudentInfo",
    "Teacher",
    "TeacherInfo",
    "default_student",
    "default_teacher",
    "has_voices",
    "natural_student",
    "student",
    "teacher",
    "with_gradient",
]

# The default student is the first one that is installed; the last one always is.
STUDENTS: dict[str, StudentInfo] = {info.name: info for info in (kokoro.INFO, praat.INFO)}
TEACHERS: dict[str, TeacherInfo] = {
    info.name: info for info in (recordings.INFO, http.INFO, f5.INFO)
}


def student(name: str, options: Options | None = None) -> Student:
    """Make the student with this name.

    Raises
    ------
    EngineError
        `unknown_engine`, `bad_option`, or an error of the engine itself.
    """
    made: Student = _make("student", name, STUDENTS, options)
    return made


def teacher(name: str, options: Options | None = None) -> Teacher:
    """Make the teacher with this name.

    Raises
    ------
    EngineError
        `unknown_engine`, `bad_option`, or an error of the engine itself.
    """
    made: Teacher = _make("teacher", name, TEACHERS, options)
    return made


def default_student(model_dir: Path, *, voices: int = MIN_BASE_VOICES) -> str:
    """Return the default student: the first one that is installed.

    Parameters
    ----------
    model_dir : path
        Folder of models.
    voices : int
        Required number of stock voices: two for a search, one for speaking.
    """
    names = (name for name in STUDENTS if has_voices(name, model_dir, voices=voices))
    return next(names, list(STUDENTS)[-1])


def has_voices(name: str, model_dir: Path, *, voices: int = MIN_BASE_VOICES) -> bool:
    """Return whether a student's files and at least `voices` stock voices are installed."""
    info = STUDENTS[name]
    return info.is_installed(model_dir) and len(info.stock_voices(model_dir)) >= voices


def natural_student() -> StudentInfo:
    """Return the first student with natural-sounding voices."""
    return next(info for info in STUDENTS.values() if info.is_natural)


def default_teacher(*, served: bool) -> str:
    """Return the default teacher: a server on another machine, or one that plays takes."""
    infos = TEACHERS.values()
    return next(info.name for info in infos if (info.needs_url if served else info.plays_takes))


def with_gradient() -> tuple[str, ...]:
    """Return the students that the strategies of `search.WITH_GRADIENT` work with."""
    return tuple(info.name for info in STUDENTS.values() if info.has_gradient)


def _make(
    kind: str, name: str, known: Mapping[str, StudentInfo | TeacherInfo], options: Options | None
) -> Any:
    if name not in known:
        raise EngineError(
            "unknown_engine", f"There is no {kind} {name!r}; choose one of {_named(known)}."
        )
    module, _, cls = known[name].implementation.partition(":")
    try:
        return getattr(import_module(module), cls)(**(options or {}))
    except TypeError as error:
        raise EngineError("bad_option", f"Engine {name!r}: {error}.") from error


def _named(names: Iterable[str]) -> str:
    return ", ".join(names)
