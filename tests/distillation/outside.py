"""A teacher that is one module and one line: nothing else in the project refers to it."""

from typing import ClassVar

from corpus.audio.types import Audio
from distillation.engines.base import Prompt
from distillation.engines.capabilities import TeacherInfo
from tests.distillation.voices import SpeakingTeacher

INFO = TeacherInfo(
    name="outside",
    implementation="tests.distillation.outside:OutsideTeacher",
    licence="Free for all.",
)


class OutsideTeacher:
    name: ClassVar[str] = INFO.name

    def synthesize(
        self, text: str, condition: Prompt, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        return SpeakingTeacher().synthesize(text, condition, speed=speed, seed=seed)
