"""Teacher `recordings`: plays a person's takes, or slices of one WAV cut at its pauses."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np

from corpus.audio import timing
from corpus.audio.io import decode
from corpus.audio.types import Audio, AudioError
from corpus.translatable import gettext_noop as _
from distillation.engines.base import EngineError, Prompt
from distillation.engines.capabilities import TeacherInfo
from distillation.engines.psola import stretched

INFO = TeacherInfo(
    name="recordings",
    implementation="distillation.engines.recordings:RecordingsTeacher",
    licence=_("The best accepted takes of each style, as recorded."),
    plays_takes=True,
)
SLICE_S = 4.0  # a slice ends at the first pause after this, so that five make a target
LONGEST_S = 8.0
_MARGIN_S = 0.05


class RecordingsTeacher:
    """Plays only what was recorded; needs no model."""

    name: ClassVar[str] = "recordings"

    def __init__(self) -> None:
        self._asked: dict[tuple[str, Path], list[str]] = {}

    def synthesize(
        self,
        text: str,
        condition: Prompt,
        *,
        speed: float = 1.0,
        seed: int = 0,  # noqa: ARG002 - part of the protocol; playback is deterministic
    ) -> Audio:
        """Play the take of `text`, or a slice of the prompt's audio if there are no takes.

        Parameters
        ----------
        text : str
            With takes: a key of `condition.takes`. Without: each new text of a style gets the
            next slice, cyclically; its words are not those of `text`.
        condition : Prompt
            Takes by text, or one `audio` of any length.
        speed : float
            0.25…4, for slices only: takes were recorded at the pace of their style.
        seed : int
            Not used.

        Raises
        ------
        EngineError
            `missing_take`, `no_prompt`, `bad_take`, `bad_speed`.
        """
        if condition.takes:
            return _take(text, condition)
        if condition.audio is None:
            raise EngineError(
                "no_prompt",
                f"Style {condition.style}: there is no take and no reference audio. Record takes "
                "of this style, or give a WAV of the voice.",
            )
        if not 0.25 <= speed <= 4.0:
            raise EngineError("bad_speed", f"speed: 0.25 to 4, not {speed}.")
        slices = _slices(condition.audio, _changed(condition.audio))
        asked = self._asked.setdefault((condition.style, condition.audio), [])
        if text not in asked:
            asked.append(text)
        piece = slices[asked.index(text) % len(slices)]
        return piece if speed == 1.0 else Audio(stretched(piece.y, piece.sr, 1 / speed), piece.sr)


def _take(text: str, condition: Prompt) -> Audio:
    if text not in condition.takes:
        raise EngineError(
            "missing_take",
            f"Style {condition.style}: there is no accepted take of {text!r}. Record it, or "
            "choose sentences that are recorded.",
        )
    return _decoded(condition.takes[text], f"the take of {text!r}, style {condition.style}")


def _decoded(path: Path, what: str) -> Audio:
    try:
        return decode(path)
    except FileNotFoundError as error:
        raise EngineError("missing_take", f"{path}: {what} is missing.") from error
    except (AudioError, OSError) as error:
        raise EngineError("bad_take", f"{path}: {what} cannot be played: {error}") from error


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise EngineError("missing_take", f"{path}: the reference audio is missing.") from error


@lru_cache(maxsize=4)
def _slices(path: Path, _stamp: int) -> list[Audio]:
    """Cut the reference audio at its pauses into pieces of about 4-8 s."""
    audio = _decoded(path, "the reference audio")
    edges = _edges(timing.find(audio))
    if not edges:
        raise EngineError("bad_take", f"{path}: there is no speech in the reference audio.")
    margin = round(_MARGIN_S * audio.sr)
    return [
        Audio(
            np.ascontiguousarray(
                audio.y[max(0, round(a * audio.sr) - margin) : round(b * audio.sr) + margin]
            ),
            audio.sr,
        )
        for a, b in edges
    ]


def _edges(found: timing.Timing) -> list[timing.Span]:
    """Return start and end (s) of each slice: short phrases are merged, long ones divided."""
    gathered: list[timing.Span] = []
    for start, end in found.sounding:
        last = gathered[-1] if gathered else None
        if last and last[1] - last[0] < SLICE_S and end - last[0] <= LONGEST_S:
            gathered[-1] = (last[0], end)
        else:
            gathered.append((start, end))
    return [part for span in gathered for part in _divided(*span)]


def _divided(start: float, end: float) -> list[timing.Span]:
    parts = int(np.ceil((end - start) / LONGEST_S))
    marks = np.linspace(start, end, parts + 1).tolist()
    return list(pairwise(marks))
