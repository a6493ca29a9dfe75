"""Errors a person can fix, each with a stable code and a message that says how."""

from corpus.audio.types import AudioError
from distillation.engines.base import EngineError
from distillation.recipe import RecipeError
from distillation.stages.base import StageError
from distillation.voicepack import PackError


class RunError(RuntimeError):
    """A run cannot do what was requested; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PlaygroundError(RunError):
    """A text cannot be spoken in the playground."""


USER_FAULTS = (AudioError, EngineError, PackError, RecipeError, RunError, StageError)


def fault_code(error: Exception) -> str:
    return getattr(error, "code", "recipe")


class SliceStopped(Exception):
    """The run was paused or cancelled during a stage that is not divided into slices."""
