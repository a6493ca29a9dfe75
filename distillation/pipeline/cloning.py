"""Options of a cloning teacher: its prompts, and a check that it can run here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path

from distillation.engines import TeacherInfo
from distillation.pipeline.option_values import OptionValueError

StylePrompt = tuple[tuple[str, str], ...]  # (text, WAV) of a style's prompt


def check(teacher: TeacherInfo, tts_url: str, *, has_prompt: bool) -> None:
    """Check that a teacher that needs a prompt can speak.

    Parameters
    ----------
    teacher : TeacherInfo
        A teacher that needs a prompt.
    tts_url : str
        URL of another machine's speech server, which excludes a teacher in this process.
    has_prompt : bool
        Whether there is a prompt with its transcript.

    Raises
    ------
    OptionValueError
    """
    if tts_url:
        raise OptionValueError(
            f"--tts-url is for the teacher http: leave --teacher {teacher.name} out, or --tts-url."
        )
    if teacher.package and find_spec(teacher.package) is None:
        raise OptionValueError(
            f"--teacher {teacher.name} runs in the teacher's environment: `make teacher`, then the "
            "same command with .venv-teacher/bin/python; or give --tts-url of a machine that "
            "serves it (`make teacher-speech`)."
        )
    if not has_prompt:
        raise OptionValueError(
            f"--teacher {teacher.name} needs a prompt: --reference-audio with a WAV of the voice "
            "and --reference-text with its words (or a text file beside it), or --prompt-style for "
            "each style."
        )


def prompts(values: Sequence[str], styles: Collection[str]) -> dict[str, StylePrompt]:
    """Parse prompts of the form ``STYLE=FILE.wav:WORDS``; return them by style.

    Raises
    ------
    OptionValueError
    """
    found: dict[str, StylePrompt] = {}
    for value in values:
        style, _, rest = value.partition("=")
        name, mark, words = rest.partition(".wav:")
        path = Path(f"{name}.wav").resolve()
        if not mark or not words.strip():
            raise OptionValueError(f"--prompt-style: STYLE=FILE.wav:WORDS, not {value!r}.")
        if style not in styles:
            raise OptionValueError(f"--prompt-style: {style!r} is none of {', '.join(styles)}.")
        if not path.is_file():
            raise OptionValueError(f"--prompt-style: {path} is not there.")
        found[style] = ((words.strip(), str(path)),)
    return found
