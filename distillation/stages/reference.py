"""Stage reference: makes a style's target, one clip by the teacher or several given files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus.audio import timing
from corpus.audio.io import decode, resample, write_wav
from corpus.audio.loudness import integrated_lufs, normalize, peak_db
from corpus.audio.types import Audio, AudioError, Samples
from distillation.engines import reference_audio
from distillation.engines.base import Prompt, Teacher
from distillation.recipe import RunRecipe, StyleRecipe
from distillation.stages.base import Progress, StageError
from distillation.stages.clips import clip_path, clips_clear, clips_digest
from distillation.stages.target_warnings import TargetWarning

SR = 24_000
SENTENCES = 5
MIN_S, MAX_S = 20.0, 30.0
PAUSE_S = 0.45
PAUSES_S = (0.2, 1.5)  # pauses are shortened or lengthened within this to reach the duration
MARGIN_S = 0.05  # kept around a sentence when silence is trimmed
FADE_S = 0.015
LUFS = -23.0
LUFS_TOLERANCE = 0.5
PEAK_DB = -1.0
CLIP_MIN_S, CLIP_MAX_S = 1.6, 60.0  # of a given clip: one window of the speaker encoder; a minute
KNEE_DB = -6.0  # soft-clipping knee, used only if plain gain would exceed PEAK_DB
FindWarnings = Callable[[Sequence[Audio], Sequence[str]], tuple[TargetWarning, ...]]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target as written.

    Attributes
    ----------
    path : Path
        WAV, 24 kHz, mono, PCM16; further clips are next to it (`stages.clips`).
    sha256 : str
        Of the file, or of all clips if there are several.
    duration_s, loudness_lufs : float
        20-30 s for one clip, the sum for several; -23 ± 0.5 LUFS, the mean for several.
    texts : tuple of str
        What is spoken in it, in order, as far as known.
    clips : int
        Number of clips.
    warnings : tuple of TargetWarning
        What speaks against it; a search is possible all the same.
    """

    path: Path
    sha256: str
    duration_s: float
    loudness_lufs: float
    texts: tuple[str, ...]
    clips: int = 1
    warnings: tuple[TargetWarning, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; the path as a string."""
        return asdict(self) | {
            "path": str(self.path),
            "texts": list(self.texts),
            "warnings": [warning.to_json() for warning in self.warnings],
        }


def no_warnings(_clips: Sequence[Audio], _texts: Sequence[str]) -> tuple[TargetWarning, ...]:
    """Look for nothing."""
    return ()


def make_target(
    style: StyleRecipe,
    teacher: Teacher,
    prompt: Prompt,
    *,
    seed: int,
    path: str | Path,
    find_warnings: FindWarnings = no_warnings,
    on_progress: Progress | None = None,
) -> Target:
    """Synthesize a style's sentences with the teacher and write them as one clip.

    Five sentences are spoken at the style's speed; more while they are shorter than 20 s with
    pauses of 1.5 s, fewer while they are longer than 30 s with pauses of 0.2 s.

    Parameters
    ----------
    style : StyleRecipe
        Its `reference_texts` in order of preference, and its speed.
    teacher : Teacher
        Speaks them.
    prompt : Prompt
        Conditions the teacher.
    seed : int
        Random seed of the teacher.
    path : path
        Output file, written atomically.
    find_warnings : callable
        Returns the warnings about the synthesized sentences, given one clip for each
        sentence and the sentences.
    on_progress : callable, optional
        Called with (sentences spoken, total).

    Returns
    -------
    Target

    Raises
    ------
    StageError
        `no_texts`, `silent_sentence`, `target_too_short`, `target_too_long`,
        `target_loudness`.
    EngineError
        The teacher cannot speak.
    """
    raw, spoken = _speak(style, teacher, prompt, seed, on_progress)
    count = _fitting(style.key, [audio.duration_s for audio in spoken])
    texts = style.reference_texts[:count]
    clip = _levelled(style.key, joined(spoken[:count], _pause_s(spoken[:count])))
    clips_clear(Path(path))
    sha256 = write_wav(Path(path), clip)
    return Target(
        path=Path(path),
        sha256=sha256,
        duration_s=clip.duration_s,
        loudness_lufs=integrated_lufs(clip),
        texts=texts,
        warnings=find_warnings(raw[:count], texts),
    )


def take_clips(
    style: StyleRecipe,
    given: Sequence[Path],
    *,
    path: str | Path,
    find_warnings: FindWarnings = no_warnings,
) -> Target:
    """Convert sound files of one voice to the target of a style: mono, 24 kHz, -23 LUFS.

    Parameters
    ----------
    style : StyleRecipe
        Named in messages.
    given : sequence of path
        At least one; each with 1.6 s of speech or more, and at most a minute long.
    path : path
        Output file of the first clip; the others are written next to it.
    find_warnings : callable
        Returns the warnings about the clips as given.

    Returns
    -------
    Target

    Raises
    ------
    StageError
        `bad_clip`: not audio, too short or too long; the message names the file.
        `target_loudness`: one of them is mostly clicks.
    """
    sources = [_given(style.key, source) for source in given]
    clips = [_levelled(style.key, resample(source, SR)) for source in sources]
    clips_clear(Path(path))
    for number, clip in enumerate(clips, start=1):
        write_wav(clip_path(Path(path), number), clip)
    return Target(
        path=Path(path),
        sha256=clips_digest(Path(path)),
        duration_s=sum(clip.duration_s for clip in clips),
        loudness_lufs=float(np.mean([integrated_lufs(clip) for clip in clips])),
        texts=(),
        clips=len(clips),
        warnings=find_warnings(sources, ()),
    )


def clip_check(audio: Audio) -> None:
    """Reject a clip with too little speech to identify a voice.

    Raises
    ------
    AudioError
        `little_speech`.
    """
    if (speech_s := timing.find(audio).phonation_s) < CLIP_MIN_S:
        message = f"{speech_s:.1f} s of speech; a target clip needs {CLIP_MIN_S:.1f} s or more."
        raise AudioError("little_speech", message)


def _given(style_key: str, source: Path) -> Audio:
    try:
        audio = decode(source, max_seconds=CLIP_MAX_S)
        clip_check(audio)
    except (AudioError, OSError) as error:
        raise StageError("bad_clip", f"style {style_key}: {source}: {error}") from error
    return audio


def make_prompt(
    recipe: RunRecipe, style: str, *, place: Callable[[str], Path], joined_to: Path
) -> Prompt:
    """Return the teacher's prompt for a style.

    Parameters
    ----------
    recipe : RunRecipe
        The style's own prompt takes precedence over the run's.
    style : str
        Key of the style.
    place : callable
        Maps a file name in the recipe to its path on this machine.
    joined_to : path
        Where a prompt made of several takes is written.

    Raises
    ------
    EngineError
        `bad_take`, `prompt_too_short`: a take cannot be joined.
    """
    own = [(text, place(name)) for text, name in recipe.style(style).prompt]
    audio = place(name) if (name := recipe.teacher_options.get("prompt")) else None
    transcript = recipe.teacher_options.get("transcript", "")
    if len(own) > 1:
        sound, transcript = reference_audio.join(own)
        write_wav(joined_to, sound)
        audio = joined_to
    elif own:
        transcript, audio = own[0]
    return Prompt(
        style=style,
        audio=audio,
        transcript=transcript,
        takes={text: place(name) for text, name in recipe.style(style).takes.items()},
    )


def joined(pieces: Sequence[Audio], pause_s: float) -> Audio:
    """Join pieces of one sample rate with silence, fading both ends of each to avoid clicks."""
    sr = pieces[0].sr
    silence = np.zeros(round(pause_s * sr), np.float32)
    parts = [part for piece in pieces for part in (silence, _faded(piece.y, sr))][1:]
    return Audio(np.concatenate(parts), sr)


def _speak(
    style: StyleRecipe, teacher: Teacher, prompt: Prompt, seed: int, on_progress: Progress | None
) -> tuple[list[Audio], list[Audio]]:
    """Synthesize five sentences, then more while too short even with the longest pauses.

    Returns the audio as the teacher gave it, and its speech, trimmed and at one loudness.
    """
    texts = style.reference_texts
    if not texts:
        raise StageError("no_texts", f"style {style.key}: there is no sentence for the teacher.")
    raw: list[Audio] = []
    spoken: list[Audio] = []
    for number, text in enumerate(texts):
        if number >= SENTENCES and _longest_s(spoken) >= MIN_S:
            break
        audio = teacher.synthesize(text, prompt, speed=style.speed, seed=seed)
        raw.append(audio)
        spoken.append(_trimmed(resample(audio, SR), text))
        if on_progress:
            on_progress(number + 1, max(number + 1, min(SENTENCES, len(texts))))
    return raw, spoken


def _trimmed(audio: Audio, text: str) -> Audio:
    """Return the speech with a short margin around it, at the target's loudness."""
    found = timing.find(audio)
    if not found.sounding:
        raise StageError("silent_sentence", f"the teacher gave no sound for {text[:60]!r}.")
    first = max(0.0, found.start_s - MARGIN_S)
    last = min(audio.duration_s, audio.duration_s - found.trail_s + MARGIN_S)
    y = audio.y[round(first * audio.sr) : round(last * audio.sr)]
    return normalize(Audio(np.ascontiguousarray(y), audio.sr), LUFS)


def _faded(y: Samples, sr: int) -> Samples:
    count = min(round(FADE_S * sr), len(y) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / count)).astype(np.float32)
    faded = y.copy()
    faded[:count] *= ramp
    faded[len(y) - count :] *= ramp[::-1]
    return faded


def _longest_s(pieces: Sequence[Audio]) -> float:
    return sum(audio.duration_s for audio in pieces) + PAUSES_S[1] * (len(pieces) - 1)


def _fitting(style_key: str, durations_s: Sequence[float]) -> int:
    """Return how many of the sentences fit into a clip of 20-30 s."""
    for count in range(len(durations_s), 0, -1):
        speech_s = sum(durations_s[:count])
        shortest_s, longest_s = (speech_s + pause_s * (count - 1) for pause_s in PAUSES_S)
        if longest_s < MIN_S:
            raise StageError("target_too_short", _too_short(style_key, count, speech_s))
        if shortest_s <= MAX_S:
            return count
    raise StageError(
        "target_too_long",
        f"style {style_key}: the first sentence alone lasts {durations_s[0]:.1f} s; "
        f"a target has at most {MAX_S:.0f} s. Begin with a shorter one.",
    )


def _too_short(style_key: str, count: int, speech_s: float) -> str:
    return (
        f"style {style_key}: {count} sentences give {speech_s:.1f} s of speech; with pauses a "
        f"target needs {MIN_S:.0f}-{MAX_S:.0f} s. Give more or longer sentences for this style."
    )


def _pause_s(pieces: Sequence[Audio]) -> float:
    """Return the pause closest to the default that keeps the clip within 20-30 s."""
    gaps = len(pieces) - 1
    if not gaps:
        return 0.0
    speech_s = sum(audio.duration_s for audio in pieces)
    slack_s = 2.0 / SR * gaps  # a pause is rounded to samples
    low, high = (MIN_S + slack_s - speech_s) / gaps, (MAX_S - slack_s - speech_s) / gaps
    return float(np.clip(np.clip(PAUSE_S, low, high), *PAUSES_S))


def _levelled(style_key: str, clip: Audio) -> Audio:
    """Return the clip at -23 LUFS with its peaks under -1 dBFS, soft-clipped if necessary."""
    for _ in range(4):
        gain = 10.0 ** ((LUFS - integrated_lufs(clip)) / 20.0)
        clip = Audio((clip.y * gain).astype(np.float32), clip.sr)
        if peak_db(clip) < PEAK_DB:
            break
        clip = Audio(_bent(clip.y), clip.sr)
    reached = integrated_lufs(clip)
    if abs(reached - LUFS) > LUFS_TOLERANCE or peak_db(clip) >= PEAK_DB:
        raise StageError(
            "target_loudness",
            f"style {style_key}: {reached:.1f} LUFS reached instead of {LUFS:.0f} with peaks under "
            f"{PEAK_DB:.0f} dBFS: the audio is mostly clicks or far too uneven.",
        )
    return clip


def _bent(y: Samples) -> Samples:
    """Return samples with magnitudes above the knee soft-clipped to stay under the peak."""
    knee, top = 10.0 ** (KNEE_DB / 20.0), 10.0 ** ((PEAK_DB - 0.2) / 20.0)
    size = np.abs(y)
    over = knee + (top - knee) * np.tanh((size - knee) / (top - knee))
    return np.where(size > knee, np.sign(y) * over, y).astype(np.float32)
