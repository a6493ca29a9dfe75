"""Captions and phonemes, for engines that have them: what is refused, and phonemes of a text."""

from __future__ import annotations

from distillation.engines.base import CaptioningStudent, EngineError, PhonemeStudent, Student
from voicelab.tts.errors import ApiError
from voicelab.tts.schemas import PhonemizeOut
from voicelab.tts.speaker import Utterance


def check_kind(utterance: Utterance) -> None:
    """Raise ApiError 400 if the engine cannot give captions, or speak these phonemes."""
    student = utterance.student
    if utterance.kind == "captions" and not isinstance(student, CaptioningStudent):
        raise _not_known(student, "when it speaks a word", "return_timestamps")
    if utterance.kind == "phonemes":
        try:
            _with_phonemes(student, "phonemes").check_phonemes(utterance.text)
        except EngineError as error:
            raise _refused(error, "phonemes") from error


def phonemized(student: Student, text: str) -> PhonemizeOut:
    """Return the phonemes of a text; raise ApiError 400 if it has none."""
    engine = _with_phonemes(student, "text")
    try:
        phonemes = engine.phonemes(text)
    except EngineError as error:
        raise _refused(error, "text") from error
    return PhonemizeOut(phonemes=phonemes, tokens=engine.tokens(phonemes))


def _with_phonemes(student: Student, param: str) -> PhonemeStudent:
    if not isinstance(student, PhonemeStudent):
        raise _not_known(student, "phonemes", param)
    return student


def _not_known(student: Student, what: str, param: str) -> ApiError:
    message = f"{param}: {student.name} does not tell {what}; TTS_BACKEND=kokoro does."
    return ApiError(400, message, code="not_supported", param=param)


def _refused(error: EngineError, param: str) -> ApiError:
    return ApiError(400, f"{param}: {error}", code=error.code, param=param)
