"""Parses options with a value per name: target clips of styles, weights of a score."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from distillation.recipe import WEIGHTS


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
