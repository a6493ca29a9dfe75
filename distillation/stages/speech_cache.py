"""Keeps the sentences a student spoke last: validation asks again for what a search had spoken."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from corpus.audio.types import Audio
from distillation.engines.base import Student
from distillation.voicepack import VoicePack

KEPT = 64  # sentences of a student, of 0.3 MB each

Key = tuple[str, str, float, int]
_kept: WeakKeyDictionary[Student, dict[Key, Audio]] = WeakKeyDictionary()


def cached_speech(
    student: Student, text: str, pack: VoicePack, *, speed: float = 1.0, seed: int = 0
) -> Audio:
    """Return a sentence, spoken anew only if this student did not speak it lately.

    The best voice's search texts, and the held-out sentences of a base voice that several styles
    begin from, are asked for again and again.

    Parameters
    ----------
    student : Student
        Equal arguments give equal samples.
    text, pack, speed, seed
        As `Student.synthesize` has them.
    """
    found = _kept.get(student, {}).get((text, pack.sha256, speed, seed))
    if found is None:
        found = student.synthesize(text, pack, speed=speed, seed=seed)
    keep_speech(student, text, pack, found, speed=speed, seed=seed)
    return found


def keep_speech(
    student: Student, text: str, pack: VoicePack, audio: Audio, *, speed: float = 1.0, seed: int = 0
) -> None:
    """Keep a sentence that this student has spoken, or an equal one in another worker."""
    kept, key = _kept.setdefault(student, {}), (text, pack.sha256, speed, seed)
    kept.pop(key, None)
    kept[key] = audio
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
