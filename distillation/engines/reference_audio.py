"""Prepares reference audio for a cloning teacher: at most 12 s, cut at a pause with its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.audio import timing
from corpus.audio.checks import SYLLABLES_PER_S
from corpus.audio.io import decode, resample
from corpus.audio.loudness import normalize
from corpus.audio.types import Audio, AudioError
from corpus.phonetics import syllables
from distillation.engines.base import EngineError, Prompt

SR = 24_000
LONGEST_S = 12.0  # F5 was trained on clips of 30 s, prompt and output together
TAIL_S = 1.0  # silence that keeps the prompt's last word out of the output
LONGEST_SPEECH_S = LONGEST_S - TAIL_S
SHORTEST_SPEECH_S = 1.0
LUFS = -23.0
JOIN_S = 0.3  # between two takes of one prompt
_MARGIN_S = 0.05
_FADE_S = 0.01
_APART = 0.12  # maximum difference between the relative positions of pause and clause end
_CLAUSE = re.compile(r"(?<=[.,;:!?…])\s+")


@dataclass(frozen=True)
class Prepared:
    """A prompt in the form expected by a cloning teacher.

    Attributes
    ----------
    audio : Audio
        24 kHz, -23 LUFS if the peaks allow, at most 12 s, ending with 1 s of silence.
    text : str
        Its transcript.
    speech_s : float
        Duration of the audio without that silence.
    """

    audio: Audio
    text: str
    speech_s: float


def prepare(prompt: Prompt) -> Prepared:
    """Prepare a prompt for a cloning teacher.

    Silence around the speech is removed. Speech over 11 s is cut at the latest pause whose
    relative position in the speech matches that of a clause end in the text.

    Raises
    ------
    EngineError
        `no_prompt`, `no_transcript`, `bad_take`, `prompt_too_short`, `prompt_too_long`,
        `prompt_pace`.
    """
    if prompt.audio is None:
        raise EngineError(
            "no_prompt",
            f"Style {prompt.style}: the teacher needs reference audio, up to {LONGEST_S:.0f} s of "
            "the voice. Choose a take, or give a WAV.",
        )
    text = " ".join(prompt.transcript.split())
    if not text:
        raise EngineError(
            "no_transcript",
            f"Style {prompt.style}: the words of {prompt.audio.name} are missing. Give them "
            "(--reference-text, or a text file next to the WAV): speech is not recognised here.",
        )
    audio, found = _speech(prompt.audio, text)
    if found.speech_s > LONGEST_SPEECH_S:
        audio, text = _cut(audio, found, text, prompt.audio)
    tail = np.zeros(round(TAIL_S * SR), np.float32)
    levelled = normalize(audio, LUFS)
    whole = Audio(np.concatenate([_faded(levelled.y), tail]), SR)
    return Prepared(whole, text, audio.duration_s)


def join(takes: Sequence[tuple[str, Path]]) -> tuple[Audio, str]:
    """Join takes of one voice into one prompt, at equal levels and with pauses between.

    Parameters
    ----------
    takes : sequence of (text, path)
        In order; one or more.

    Returns
    -------
    Audio
        24 kHz, without leading and trailing silence.
    str
        The texts, each ending with a punctuation mark.

    Raises
    ------
    EngineError
        `bad_take`, `prompt_too_short`, `prompt_pace`.
    """
    pause = np.zeros(round(JOIN_S * SR), np.float32)
    parts = [_faded(normalize(_speech(path, text)[0], LUFS).y) for text, path in takes]
    texts = [text if re.search(r"[.!?…]\W*$", text) else f"{text}." for text, _ in takes]
    y = np.concatenate([part for one in parts for part in (pause, one)][1:])
    return Audio(y, SR), " ".join(texts)


def check_words(path: Path, text: str) -> None:
    """Reject a prompt whose words are not those of its sound, as far as its pace tells.

    Raises
    ------
    EngineError
        `bad_take`, `prompt_too_short`, `prompt_pace`.
    """
    _speech(path, text)


def _speech(path: Path, text: str) -> tuple[Audio, timing.Timing]:
    """Return the speech with a short margin around it, and its timing."""
    try:
        audio = resample(decode(path), SR)
    except (AudioError, OSError) as error:
        raise EngineError(
            "bad_take", f"{path}: the reference audio is unusable: {error}"
        ) from error
    found = timing.find(audio)
    if found.speech_s < SHORTEST_SPEECH_S:
        raise EngineError(
            "prompt_too_short",
            f"{path}: {found.speech_s:.1f} s of speech; the teacher needs "
            f"{SHORTEST_SPEECH_S:.0f} s and more, 6 to 11 s is best.",
        )
    _check_pace(path, text, found)
    first = max(0.0, found.start_s - _MARGIN_S)
    speech = _between(audio, first, found.start_s + found.speech_s + _MARGIN_S)
    return speech, timing.find(speech)


def _check_pace(path: Path, text: str, found: timing.Timing) -> None:
    rate = found.speech_rate(syllables(text)) or 0.0
    low, high = SYLLABLES_PER_S
    if not low <= rate <= high:
        raise EngineError(
            "prompt_pace",
            f"{path}: {found.speech_s:.1f} s of speech do not fit the words {text[:60]!r}: that is "
            f"{rate:.1f} syllables a second, where people speak {low:g}-{high:g}. Give exactly the "
            "words that are spoken.",
        )


def _cut(audio: Audio, found: timing.Timing, text: str, path: Path) -> tuple[Audio, str]:
    """Return the longest beginning that ends at a pause and a clause end that match."""
    ends = [match.start() for match in _CLAUSE.finditer(text)]
    spoken_s, best = 0.0, None
    for (start, end), (after, _) in zip(found.sounding, found.sounding[1:], strict=False):
        spoken_s += end - start
        if end > LONGEST_SPEECH_S:
            break
        share = spoken_s / found.phonation_s
        near = min(ends, key=lambda at: abs(at / len(text) - share), default=None)
        if near is not None and abs(near / len(text) - share) <= _APART:
            best = (min(end + _MARGIN_S, after), text[:near])
    if best is None or best[0] < SHORTEST_SPEECH_S:
        raise EngineError(
            "prompt_too_long",
            f"{path}: {found.speech_s:.1f} s of speech, and no pause within the first "
            f"{LONGEST_SPEECH_S:.0f} s fits the end of a clause. Give at most "
            f"{LONGEST_SPEECH_S:.0f} s, with its words.",
        )
    return _between(audio, 0.0, best[0]), best[1]


def _between(audio: Audio, start_s: float, end_s: float) -> Audio:
    y = audio.y[round(start_s * audio.sr) : round(end_s * audio.sr)]
    return Audio(np.ascontiguousarray(y), audio.sr)


def _faded(y: np.ndarray) -> np.ndarray:
    n = min(round(_FADE_S * SR), len(y) // 2)
    ramp = np.linspace(0.0, 1.0, n, dtype=np.float32)
    y = y.copy()
    y[:n] *= ramp
    y[len(y) - n :] *= ramp[::-1]
    return y
