"""Options of a cloning teacher: what it hears of each style, where f5 can run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from distillation.pipeline.option_values import OptionValueError
from distillation.recipe import RunRecipe

Heard = tuple[tuple[str, str], ...]  # (text, WAV) of a style's prompt


def check(tts_url: str, *, heard: bool) -> None:
    """Refuse the teacher f5 where it cannot speak.

    Parameters
    ----------
    tts_url : str
        Of another machine's speech server, which f5 in this process excludes.
    heard : bool
        Whether there is a prompt with its words.

    Raises
    ------
    OptionValueError
    """
    if tts_url:
        raise OptionValueError(
            "--tts-url is for the teacher http: leave --teacher f5 out, or --tts-url."
        )
    if find_spec("f5_tts") is None:
        raise OptionValueError(
            "--teacher f5 runs in the teacher's environment: `make teacher`, then the same command "
            "with .venv-teacher/bin/python; or give --tts-url of a machine that serves it "
            "(`make teacher-speech`)."
        )
    if not heard:
        raise OptionValueError(
            "--teacher f5 needs a prompt: --reference-audio with a WAV of the voice and "
            "--reference-text with its words (or a text file beside it), or --prompt-style for "
            "each style."
        )


def prompts(values: Sequence[str], styles: Collection[str]) -> dict[str, Heard]:
    """Return what stands in ``STYLE=FILE.wav:WORDS``, by style.

    Raises
    ------
    OptionValueError
    """
    found: dict[str, Heard] = {}
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


def of_machine(recipe: RunRecipe, model_dir: Path) -> dict[str, Any]:
    """Return the teacher's options that are of this machine and not of the recipe."""
    return {"model_dir": str(model_dir), "lang": recipe.lang} if recipe.teacher == "f5" else {}
