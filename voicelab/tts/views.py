"""The HTTP API: OpenAI's speech endpoints, and those for operators."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, Query
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from corpus.audio.encoding import FORMATS, SR
from voicelab.tts.answers import MEDIA_TYPE, CaptionStream, EventStream
from voicelab.tts.errors import AUTHENTICATION, INVALID, ApiError, without_paths
from voicelab.tts.schemas import (
    CaptionedIn,
    CaptionedOut,
    DefaultOut,
    ErrorOut,
    ModelOut,
    ModelsOut,
    NamedModel,
    NamedModelsOut,
    PhonemesIn,
    PhonemizeIn,
    PhonemizeOut,
    SpeechIn,
    VoiceName,
    VoiceOut,
    VoicesOut,
)
from voicelab.tts.service import Service
from voicelab.tts.speaker import Job
from voicelab.tts.voices import Voice

GET = ["GET", "HEAD"]
AUDIO = {
    "responses": {
        200: {
            "description": "The speech, 24 kHz mono.",
            "content": {
                form.media_type: {"schema": {"type": "string", "format": "binary"}}
                for form in FORMATS.values()
            }
            | {MEDIA_TYPE: {"schema": {"type": "string"}}},
        }
    }
}
ERRORS = dict.fromkeys((400, 401, 404, 413, 429, 500, 503, 504), ErrorOut)


class Bearer(HttpBearer):
    """Bearer authentication by TTS_API_KEYS; without keys, everybody is admitted."""

    async def __call__(self, request: HttpRequest) -> str | None:
        if not _service(request).config.api_keys:
            return "anyone"
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return await self.authenticate(request, token) if scheme.lower() == "bearer" else None

    async def authenticate(self, request: HttpRequest, token: str) -> str | None:
        keys = _service(request).config.api_keys
        known = [secrets.compare_digest(token.encode(), key.encode()) for key in keys]
        return "key" if any(known) else None


api = NinjaAPI(
    title="Voice Lab speech",
    version="1",
    description="OpenAI-compatible text to speech. Deployed styles are voices.",
    docs_url="/docs",
)
bearer = Bearer()


@api.post("/v1/audio/speech", auth=bearer, openapi_extra=AUDIO, tags=["OpenAI"])
async def speech(request: HttpRequest, wanted: SpeechIn) -> HttpResponseBase:
    """Speak `input`; the sound is streamed during the synthesis."""
    job, voice = await _service(request).begin(wanted)
    if wanted.stream_format == "sse":
        events = EventStream(job, len(wanted.input))
        return StreamingHttpResponse(events, content_type=MEDIA_TYPE, headers=_headers(job, voice))
    return await _sound(job, voice, wanted)


@api.post("/dev/captioned_speech", auth=bearer, response={200: CaptionedOut}, tags=["Kokoro"])
async def captioned_speech(request: HttpRequest, wanted: CaptionedIn) -> HttpResponseBase:
    """Speak `input`, and tell when each word is spoken: a line of JSON for each part of the sound.

    With `stream: false` one object.
    """
    timed = wanted.return_timestamps
    job, voice = await _service(request).begin(wanted, "captions" if timed else "text")
    form = FORMATS[wanted.response_format]
    lines = CaptionStream(job, form.media_type, timed=timed)
    if wanted.stream and not job.complete:
        return StreamingHttpResponse(
            lines, content_type="application/json", headers=_headers(job, voice)
        )
    sound = await _whole(job, wanted)
    return JsonResponse(lines.line(sound), headers=_headers(job, voice))


@api.post("/dev/phonemize", auth=bearer, response={200: PhonemizeOut, **ERRORS}, tags=["Kokoro"])
async def phonemize(request: HttpRequest, wanted: PhonemizeIn) -> PhonemizeOut:
    """Return the phonemes with which a text is spoken."""
    return await _service(request).phonemize(wanted)


@api.post("/dev/generate_from_phonemes", auth=bearer, openapi_extra=AUDIO, tags=["Kokoro"])
async def generate_from_phonemes(request: HttpRequest, wanted: PhonemesIn) -> HttpResponseBase:
    """Speak phonemes."""
    speech = wanted.as_speech()
    job, voice = await _service(request).begin(speech, "phonemes")
    return await _sound(job, voice, speech)


@api.api_operation(
    GET, "/v1/models", auth=bearer, response={200: ModelsOut, **ERRORS}, tags=["OpenAI"]
)
async def models(request: HttpRequest) -> ModelsOut:
    """List the models; all of them refer to the one running engine."""
    service = _service(request)
    return ModelsOut(data=[ModelOut(id=name, created=service.created) for name in service.models])


@api.api_operation(
    GET, "/v1/models/{path:name}", auth=bearer, response={200: ModelOut, **ERRORS}, tags=["OpenAI"]
)
async def model(request: HttpRequest, name: str) -> ModelOut:
    """Show one model."""
    service = _service(request)
    service.check_model(name)
    return ModelOut(id=name, created=service.created)


@api.api_operation(
    GET, "/v1/audio/models", auth=bearer, response={200: NamedModelsOut, **ERRORS}, tags=["voices"]
)
async def named_models(request: HttpRequest) -> NamedModelsOut:
    """List the models as Open WebUI asks for them."""
    return NamedModelsOut(
        models=[NamedModel(id=name, name=name) for name in _service(request).models]
    )


@api.api_operation(
    GET, "/v1/audio/voices", auth=bearer, response={200: VoicesOut, **ERRORS}, tags=["voices"]
)
async def voices(request: HttpRequest) -> VoicesOut:
    """List the voices: deployed styles, then the engine's own, then OpenAI's names for them."""
    known = _service(request).voices
    return VoicesOut(
        voices=[
            VoiceOut(
                id=voice.name,
                name=voice.name,
                kind=voice.kind,
                engine=voice.engine,
                sha256=voice.sha256,
                alias_of=voice.alias_of,
                default=voice.name == known.default,
                **voice.delivery.to_json(),
            )
            for voice in known.voices.values()
        ],
        default=known.default,
        warnings=[without_paths(warning) for warning in known.warnings],
    )


@api.post("/set_voice", auth=bearer, response={200: DefaultOut, **ERRORS}, tags=["voices"])
async def set_voice(
    request: HttpRequest, style: Annotated[VoiceName, Query(description="A voice's id.")]
) -> DefaultOut:
    """Choose the voice of requests that name none; a restart keeps it."""
    service = _service(request)
    previous = service.voices.default
    voice, persisted = await service.choose(style)
    return DefaultOut(voice=voice.name, previous=previous, persisted=persisted)


@api.api_operation(GET, "/health", tags=["operation"])
async def health(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001
    """Respond while the process is alive, even during a synthesis."""
    return {"status": "ok"}


@api.api_operation(GET, "/ready", tags=["operation"])
async def ready(request: HttpRequest) -> HttpResponse:
    """Report whether model and default voice are loaded and warm; 503 with the reason if not."""
    service = _service(request)
    body, status = service.readiness()
    return JsonResponse(body, status=status)


@api.api_operation(GET, "/metrics", auth=bearer, include_in_schema=False)
async def metrics(request: HttpRequest) -> HttpResponse:
    """Return metrics for Prometheus."""
    return HttpResponse(_service(request).metrics.text(), content_type="text/plain; version=0.0.4")


@api.exception_handler(ApiError)
def _refused(_request: HttpRequest, error: ApiError) -> HttpResponse:
    return error.response()


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Report every error of the request in one message, with the first one's field as `param`."""
    faults = [_fault(fault) for fault in error.errors]
    message = "; ".join(f"{field}: {what}" for field, what in faults)
    return ApiError(400, message, code="invalid_request", param=faults[0][0]).response()


@api.exception_handler(HttpError)
def _http_error(_request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error, AuthenticationError):
        return ApiError(
            401,
            "Send one of the service's keys (TTS_API_KEYS) as `Authorization: Bearer …`.",
            code="invalid_api_key",
            kind=AUTHENTICATION,
            headers={"WWW-Authenticate": "Bearer"},
        ).response()
    message = "The body is not valid JSON." if error.status_code == 400 else str(error)
    return ApiError(error.status_code, message, code="invalid_json", kind=INVALID).response()


async def _sound(job: Job, voice: Voice, wanted: SpeechIn) -> HttpResponseBase:
    """Return the sound as it is made, or whole if that is asked for or it is ready."""
    media_type = FORMATS[wanted.response_format].media_type
    if wanted.stream and not job.complete:
        return StreamingHttpResponse(job, content_type=media_type, headers=_headers(job, voice))
    sound = await _whole(job, wanted)
    return HttpResponse(sound, content_type=media_type, headers=_headers(job, voice))


async def _whole(job: Job, wanted: SpeechIn) -> bytes:
    parts = [part async for part in job]
    return FORMATS[wanted.response_format].whole(b"".join(parts), round(job.audio_s * SR))


def _headers(job: Job, voice: Voice) -> dict[str, str]:
    headers = {"X-Voice": voice.name, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if not job.delivery.is_plain:
        headers["X-Voice-Speed"] = f"{job.delivery.speed:g}"
        headers["X-Voice-Gain-dB"] = f"{job.delivery.gain_db:g}"
        headers["X-Voice-Pitch-Range"] = f"{job.delivery.pitch_range:g}"
    if voice.sha256:
        headers["X-Voice-SHA256"] = voice.sha256
    if job.complete:
        headers["X-Audio-Seconds"] = f"{job.audio_s:.3f}"
    return headers


def _fault(fault: dict[str, Any]) -> tuple[str, str]:
    path = [str(part) for part in fault["loc"] if part not in ("body", "query", "wanted")]
    return ".".join(path) or "body", str(fault["msg"]).removeprefix("Value error, ")


def _service(request: HttpRequest) -> Service:
    service: Service = request.scope["speech"]  # type: ignore[attr-defined]
    return service
