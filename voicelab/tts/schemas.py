"""Request and response schemas of the speech API."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from voicelab.tts.mixes import LIMITS, parse

Format = Literal["mp3", "wav", "opus", "aac", "flac", "pcm"]
SPEEDS = (0.25, 4.0)
NOT_TEXT = ("Cc", "Cs")  # control characters, lone surrogates
LINE_BREAKS = "\t\n\r"


def _text_only(text: str) -> str:
    for character in text:
        if unicodedata.category(character) in NOT_TEXT and character not in LINE_BREAKS:
            raise ValueError(f"the character U+{ord(character):04X} is not text; remove it")
    return text


def _with_something_in_it(text: str) -> str:
    if not text.strip():
        raise ValueError("empty; give the text to speak")
    return text


def _plain_name(name: str) -> str:
    if not re.fullmatch(r"[\w.+-]{1,100}", name):
        raise ValueError("must be a plain name: letters, digits and _ . + - only")
    return name


def _name_or_mix(text: str) -> str:
    return text if len(text) <= 500 and parse(text) else _plain_name(text)


def _or(default: Any) -> BeforeValidator:
    """Return a validator that takes an explicit null as the default: clients send both."""
    return BeforeValidator(lambda value: default if value is None else value)


def _id_of(voice: Any) -> Any:
    """Return the name in OpenAI's `{"id": name}`, everything else as it is; empty as null."""
    if isinstance(voice, dict):
        voice = voice.get("id", voice)
    return voice or None


Plain = Annotated[str, AfterValidator(_text_only)]
VoiceName = Annotated[str, AfterValidator(_plain_name)]
VoiceOrMix = Annotated[str, AfterValidator(_name_or_mix)]


class SpeechIn(Schema):
    """The body of POST /v1/audio/speech, as OpenAI defines it.

    Unknown fields are ignored; a null is an absent field.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": "tts-1", "input": "Buenos días, ¿en qué puedo ayudarle?", "voice": None}
            ]
        }
    )

    input: Annotated[Plain, AfterValidator(_with_something_in_it)] = Field(
        description="The text to speak."
    )
    voice: Annotated[VoiceOrMix | None, BeforeValidator(_id_of)] = Field(
        None,
        description='A name of /v1/audio/voices, or {"id": name}; the default voice without one. '
        f"Or a mix of several, ef_dora(2)+em_alex(1): {LIMITS}.",
    )
    model: Annotated[Plain, _or("tts-1")] = Field(
        "tts-1", max_length=100, description="tts-*, gpt-4o-mini-tts, or an id of /v1/models."
    )
    speed: Annotated[float, _or(1.0)] = Field(
        1.0, ge=SPEEDS[0], le=SPEEDS[1], allow_inf_nan=False, description="Relative to the voice's."
    )
    delivery: bool | None = Field(
        None,
        description="Not OpenAI's: whether a deployed voice speaks with its speed, gain and pitch "
        "range of /v1/audio/voices, fitted to its target; by default as TTS_APPLY_DELIVERY says.",
    )
    response_format: Annotated[Format, _or("mp3")] = Field(
        "mp3",
        description="24 kHz mono. While wav and flac are streamed, their headers have no length.",
    )
    stream_format: Annotated[Literal["audio", "sse"], _or("audio")] = Field(
        "audio", description="sse: events speech.audio.delta with base64, then speech.audio.done."
    )
    stream: Annotated[bool, _or(True)] = Field(
        True,
        description="Not OpenAI's: false sends the sound when it is complete, with its length.",
    )
    instructions: Annotated[Plain, Field(max_length=4096)] | None = Field(
        None,
        description="Where they name the style of a deployed voice, and `voice` is absent or "
        "one of OpenAI's names, that voice speaks.",
    )
    lang_code: Plain | None = Field(
        None,
        max_length=10,
        description="Not OpenAI's: the language of the text, as `es`, `en-us` or Kokoro's letter; "
        "by default that of a published voice (af_heart: a), and TTS_LANGUAGE for all others.",
    )
    seed: Annotated[int, _or(0)] = Field(
        0, ge=0, lt=2**63, description="Equal requests give equal sound."
    )
    reference_audio: str | None = Field(
        None, description="Base64; with TTS_BACKEND=f5 the voice to clone instead of `voice`."
    )
    reference_text: Plain | None = Field(None, description="What is said in reference_audio.")


class CaptionedIn(SpeechIn):
    """The body of POST /dev/captioned_speech, as Kokoro-FastAPI defines it."""

    return_timestamps: Annotated[bool, _or(True)] = Field(
        True, description="false: sound alone, `timestamps` is null."
    )


class WordOut(Schema):
    """A word as it is written, with its punctuation, and when it is spoken."""

    word: str
    start_time: float = Field(description="Seconds from the beginning of the sound.")
    end_time: float


class CaptionedOut(Schema):
    """A part of captioned speech; without `stream` all of it."""

    audio: str = Field(description="Base64; the parts joined are one file.")
    audio_format: str = Field(description="Media type of the sound.")
    timestamps: list[WordOut] | None = Field(description="The words that end in this part.")


class PhonemizeIn(Schema):
    """The body of POST /dev/phonemize, as Kokoro-FastAPI defines it."""

    text: Annotated[Plain, AfterValidator(_with_something_in_it)]
    language: Plain | None = Field(
        None, max_length=10, description="As `lang_code` of speech; by default TTS_LANGUAGE."
    )


class PhonemizeOut(Schema):
    """Phonemes of a text, as the engine speaks them."""

    phonemes: str
    tokens: list[int] = Field(description="Their ids in the network, without those at its ends.")


class PhonemesIn(Schema):
    """The body of POST /dev/generate_from_phonemes, as Kokoro-FastAPI defines it, and more."""

    phonemes: Annotated[Plain, AfterValidator(_with_something_in_it)] = Field(
        description="In the symbols of /dev/phonemize, at most 510."
    )
    voice: Annotated[VoiceOrMix | None, BeforeValidator(_id_of)] = Field(
        None, description="As of speech."
    )
    speed: Annotated[float, _or(1.0)] = Field(1.0, ge=SPEEDS[0], le=SPEEDS[1], allow_inf_nan=False)
    response_format: Annotated[Format, _or("wav")] = Field("wav")
    stream: Annotated[bool, _or(True)] = Field(True)
    delivery: bool | None = Field(None)
    seed: Annotated[int, _or(0)] = Field(0, ge=0, lt=2**63)

    def as_speech(self) -> SpeechIn:
        """Return the request for speech that has the same voice and sound."""
        sent = self.model_dump()
        return SpeechIn(input=sent.pop("phonemes"), **sent)


class VoiceOut(Schema):
    """One voice a request can name."""

    id: str
    name: str = Field(description="The same as `id`; clients show it.")
    kind: Literal["deployed", "file", "stock", "alias"]
    engine: str
    sha256: str = Field(description="Of the pack's file; empty for stock voices and aliases.")
    alias_of: str = ""
    default: bool = False
    speed: float = Field(1.0, description="Fitted at deployment; a request's speed multiplies it.")
    gain_db: float = Field(0.0, description="Fitted at deployment; peaks are limited.")
    pitch_range: float = Field(
        1.0, description="Fitted at deployment: factor on the intervals of the pitch."
    )


class VoicesOut(Schema):
    """The voices, deployed ones first, and warnings about voices that failed to load."""

    voices: list[VoiceOut]
    default: str | None
    warnings: list[str]


class ModelOut(Schema):
    """A model in OpenAI's format."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "voicelab"


class ModelsOut(Schema):
    """All models in OpenAI's format."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


class NamedModel(Schema):
    """A model as Open WebUI reads it."""

    id: str
    name: str


class NamedModelsOut(Schema):
    """All models as Open WebUI reads them, from /v1/audio/models."""

    models: list[NamedModel]


class DefaultOut(Schema):
    """The default voice after /set_voice, and whether it survives a restart."""

    voice: str
    previous: str | None
    persisted: bool


class ErrorIn(Schema):
    """The error object inside `ErrorOut`."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorOut(Schema):
    """An error in OpenAI's format."""

    error: ErrorIn
