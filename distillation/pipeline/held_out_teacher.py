"""Whether a style's teacher can speak the held-out sentences, and what it left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from distillation.engines import TEACHERS
from distillation.engines.base import EngineError, Teacher
from distillation.recipe import RunRecipe
from distillation.stages.style_runner import StyleRunner, changed_inputs


class HeldOutTeacher:
    """The teacher of a run in its validation.

    Parameters
    ----------
    recipe : RunRecipe
        Its takes and prompt are paths.
    teacher : callable
        Returns the teacher, made when first needed.
    say : callable
        Receives a sentence about what is left out.
    """

    def __init__(
        self, recipe: RunRecipe, teacher: Callable[[], Teacher], say: Callable[[str], None]
    ) -> None:
        self._recipe, self._teacher, self._say = recipe, teacher, say

    def can_speak(self, runner: StyleRunner) -> bool:
        """Return whether it can speak the held-out sentences of a style; say why not."""
        style = runner.style.key
        if not self._has_inputs(style):
            return False
        why = ""
        if changed := self._changed(style):
            why = (
                f"{changed} is another file than the target was made of; put that back, or name "
                "the teacher again."
            )
        else:
            try:
                runner.prompt()
                self._teacher()
            except EngineError as error:
                why = str(error)
        if why:
            self._say(f"{style}: validated without the teacher. {why}")
        return not why

    def is_unfinished(self, report: dict[str, Any]) -> bool:
        """Return whether another validation could be more complete: teacher, file or check."""
        style = report["style"]
        unmade = any(check["value"] is None for check in report["checks"])
        return self._left_some_out(style, report) or bool(self._changed(style)) or unmade

    def _has_inputs(self, style: str) -> bool:
        own = self._recipe.style(style)
        return bool(own.takes or own.prompt or self._recipe.teacher_options)

    def _changed(self, style: str) -> str:
        """Return a file used by the teacher that has changed; empty if none has."""
        clips = set(self._recipe.style(style).targets)
        found = changed_inputs(self._recipe, style, Path)
        return next((name for name, how in found if how == "changed" and name not in clips), "")

    def _left_some_out(self, style: str, report: dict[str, Any]) -> bool:
        """Return whether a teacher that can speak any text left some out, to be retried."""
        talks = not TEACHERS[self._recipe.teacher].plays_takes and self._has_inputs(style)
        spoken = [bool(one["target"]) for one in report["audio"]]
        left_out = talks and not all(spoken)
        if left_out:
            many = f"{sum(spoken)} of {len(spoken)}" if any(spoken) else "no"
            self._say(
                f"{style}: the teacher {self._recipe.teacher} synthesized {many} held-out "
                f"sentence{'s' if any(spoken) else ''}; once it can be reached, the same command "
                "validates again, with it."
            )
        return left_out
