"""Values of options: target clips and prompts of styles, weights; whether a teacher can run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path

from distillation.engines import TeacherInfo
from distillation.recipe import WEIGHTS

StylePrompt = tuple[tuple[str, str], ...]  # (text, WAV) of a style's prompt


class OptionValueError(ValueError):
    """A value is invalid; the message names the option."""


def targets(values: Sequence[str], styles: Collection[str]) -> dict[str, tuple[Path, ...]]:
    """Return the clips of each style; those for every style under "".

    Parameters
    ----------
    values : sequence of str
        ``PATH`` or ``STYLE=PATH``; a folder stands for the WAV files in it.
    styles : collection of str
        Existing styles: text before a ``=`` that is not one of them belongs to the path.

    Raises
    ------
    OptionValueError
    """
    found: dict[str, list[Path]] = {}
    for value in values:
        style, equals, rest = value.partition("=")
        named = bool(equals) and style in styles
        path = Path(rest if named else value)
        found.setdefault(style if named else "", []).extend(_clips(path))
    return {style: tuple(path.resolve() for path in paths) for style, paths in found.items()}


def _clips(path: Path) -> list[Path]:
    if path.is_dir():
        if clips := sorted(path.glob("*.wav")):
            return clips
        raise OptionValueError(f"--target-audio: no WAV in {path}.")
    if not path.is_file():
        raise OptionValueError(f"--target-audio: {path} is not there.")
    return [path]


def weights(values: Sequence[str]) -> dict[str, float]:
    """Return the weights of a score; those not named have their published values.

    Raises
    ------
    OptionValueError
    """
    found = dict(WEIGHTS)
    for value in values:
        name, _, number = value.partition("=")
        if name not in WEIGHTS:
            raise OptionValueError(
                f"--weights: {', '.join(f'{part}=W' for part in WEIGHTS)}; not {value!r}."
            )
        try:
            found[name] = float(number)
        except ValueError:
            raise OptionValueError(f"--weights: a number after {name}=, not {number!r}.") from None
    return found


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
