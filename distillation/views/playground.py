"""The playground: any text spoken by deployed voices, stock voices and candidates."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from corpus.audio.encoding import FORMATS
from corpus.audio.io import decode
from corpus.audio.types import AudioError
from corpus.models import StyleLabel
from corpus.streaming import file_response
from distillation.models import Deployment, PlaygroundSound, VoicePack
from distillation.services import playground as service
from distillation.services.errors import RunError
from distillation.services.recovery import worker_is_there
from distillation.services.speech_client import voices_list
from distillation.views.sounds import waveform_response
from voicelab.roles import ROLES, role_required

SPEEDS = ("0.75", "0.9", "1", "1.1", "1.25", "1.5")
UNANSWERED_AFTER_S = 10.0
EXAMPLE = "Buenos días, gracias por llamar. ¿En qué puedo ayudarle?"
KEY = "$TTS_API_KEY"
OS = "import os\n\n"


@dataclass(frozen=True)
class Option:
    """A voice to choose; `style` is the key of its style, empty if it has none."""

    value: str
    label: str
    style: str = ""

    @property
    def name(self) -> str:
        """Its name at the speech service."""
        return self.value.removeprefix("voice:")


@require_GET
@role_required(*ROLES)
def playground(request: HttpRequest) -> HttpResponse:
    deployed, stock, error = _service_options()
    groups = [
        (_("Deployed"), deployed),
        (_("Candidates"), _candidate_options()),
        (_("Stock voices of the engine"), stock),
    ]
    offered = [option for _name, options in groups for option in options]
    history = service.history_list(request.user)
    first = next((option.value for option in offered), "")
    chosen = {"a": request.GET.get("a", first), "b": request.GET.get("b", "")}
    context = {
        "styles": _style_buttons(offered),
        "groups": groups,
        "offered": offered,
        "mixable": [*deployed, *stock],
        "chosen": chosen,
        "error": error,
        "history": history,
        "text": request.GET.get("text") or (history[0].text if history else EXAMPLE),
        "limits": {"text": service.MAX_CHARS, "candidate": service.MAX_CANDIDATE_CHARS},
        "speeds": SPEEDS,
        "formats": service.LISTED_FORMATS,
        "call": _call_of_voice(history, chosen["a"]),
        "calls": (("curl", "curl"), ("python", "Python")),
    }
    return render(request, "distillation/playground.html", context)


@require_GET
@role_required(*ROLES)
def playground_history(request: HttpRequest) -> HttpResponse:
    context = {"history": service.history_list(request.user)}
    return render(request, "distillation/_playground_history.html", context)


@require_POST
@role_required(*ROLES)
def playground_speak(request: HttpRequest) -> HttpResponse:
    """Have a text spoken; the answer says where its sound will be."""
    asked = request.POST
    try:
        sound = service.sound_ask(
            person=request.user,
            text=asked.get("text", "").replace("\r\n", "\n"),
            voice=asked.get("voice", ""),
            speed=_number(asked.get("speed", "1")),
            format=asked.get("format", ""),
        )
    except RunError as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse(_state(sound))


@require_GET
@role_required(*ROLES)
def playground_state(request: HttpRequest, pk: int) -> HttpResponse:
    return JsonResponse(_state(_own(request, pk)))


@require_GET
@role_required(*ROLES)
def playground_sound(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the sound; one of the speech service is streamed while it is spoken."""
    sound = _own(request, pk)
    kind = FORMATS[sound.format].media_type
    if sound.is_playable:
        filename = f"{sound.voice or sound.pack}.{sound.format}" if "save" in request.GET else ""
        stored: HttpResponseBase = file_response(
            request, sound.file, content_type=kind, filename=filename
        )
        return stored
    if sound.pack_id:
        return HttpResponse(status=409)  # a worker has not spoken it yet
    try:
        parts = _from_first(service.sound_stream(sound))
    except RunError as error:
        return HttpResponse(str(error), status=502, content_type="text/plain")
    return StreamingHttpResponse(parts, content_type=kind, headers={"Cache-Control": "no-store"})


@require_GET
@role_required(*ROLES)
def playground_waveform(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw a stored sound; nothing while it is spoken, or where there is nothing to draw."""
    sound = _own(request, pk)
    if not sound.is_playable:
        return HttpResponse(status=204)
    try:
        with sound.file.open() as file:
            return waveform_response(decode(file.read()))
    except AudioError:
        return HttpResponse(status=204)


def _from_first(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Wait for the first bytes, so that an error comes before the response has begun."""
    first = next(parts, b"")

    def joined() -> Iterator[bytes]:
        yield first
        yield from parts

    return joined()


def _own(request: HttpRequest, pk: int) -> PlaygroundSound:
    rows = PlaygroundSound.objects.select_related("pack__style_run__run")
    return get_object_or_404(rows, pk=pk, person=request.user)


def _state(sound: PlaygroundSound) -> dict[str, Any]:
    """Return what the page shows of a sound; a candidate is `waiting` until a worker spoke it."""
    address = reverse("playground_sound", args=[sound.pk])
    waited_s = (timezone.now() - (sound.queued_at or sound.asked_at)).total_seconds()
    waits = bool(sound.pack_id) and sound.state == PlaygroundSound.State.WAITING
    return {
        "id": sound.pk,
        "state": sound.state if sound.pack_id or sound.error else PlaygroundSound.State.READY,
        "error": sound.error,
        "address": reverse("playground_state", args=[sound.pk]),
        "sound": address,
        "waveform": reverse("playground_waveform", args=[sound.pk]),
        "unanswered": waits and waited_s > UNANSWERED_AFTER_S and not worker_is_there(),
        "call": _call(sound),
    }


def _call(sound: PlaygroundSound) -> dict[str, str]:
    """Return the calls that ask the service for a sound, or for a candidate once deployed."""
    body = service.request_body(sound)
    if sound.pack:
        body["voice"] = sound.pack.style
    with_key = bool(settings.SPEECH_API_KEY)
    return {
        "curl": curl_call(settings.SPEECH_URL, body, with_key=with_key),
        "python": python_call(settings.SPEECH_URL, body, with_key=with_key),
        "candidate": "yes" if sound.pack else "",
    }


def _call_of_voice(history: list[PlaygroundSound], voice: str) -> dict[str, str]:
    if history:
        return _call(history[0])
    name = voice.removeprefix("voice:") if voice.startswith("voice:") else "neutral"
    return _call(PlaygroundSound(text=EXAMPLE, voice=name, speed=1.0, format="mp3"))


def _service_options() -> tuple[list[Option], list[Option], str]:
    """Return the service's deployed voices, its stock voices, and why there are none."""
    try:
        voices = voices_list()
    except RunError as error:
        return [], [], str(error)
    names = {style.key: style.name for style in StyleLabel.objects.all()}
    deployed = [
        Option(f"voice:{voice.name}", names.get(voice.name, voice.name), voice.name)
        for voice in voices
        if voice.kind != "stock"
    ]
    stock = [Option(f"voice:{one.name}", one.name) for one in voices if one.kind == "stock"]
    return deployed, stock, ""


def _candidate_options() -> list[Option]:
    """Return the evolved packs that are not in service, newest first."""
    names = {style.key: style.name for style in StyleLabel.objects.all()}
    current = set(Deployment.objects.current().values_list("pack_id", flat=True))
    return [
        Option(f"pack:{pack.pk}", _candidate_label(pack, names), pack.style)
        for pack in service.candidates_list()
        if pack.pk not in current
    ]


def _candidate_label(pack: VoicePack, names: dict[str, str]) -> str:
    run = pack.style_run.run
    return f"{names.get(pack.style, pack.style)} · {run.name} #{run.pk}"


def _style_buttons(offered: list[Option]) -> list[tuple[StyleLabel, bool]]:
    """Return every style, and whether some voice speaks it."""
    spoken = {option.style for option in offered}
    return [(style, style.key in spoken) for style in StyleLabel.objects.all()]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0  # refused by the service, which names the range


def curl_call(url: str, body: Mapping[str, Any], *, with_key: bool = False) -> str:
    """Return the command line that stores the speech in `speech.FORMAT`."""
    lines = [
        f"curl {shlex.quote(url)}/v1/audio/speech",
        "-H 'Content-Type: application/json'",
        *([f'-H "Authorization: Bearer {KEY}"'] if with_key else []),
        f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}",
        f"-o speech.{body['response_format']}",
    ]
    return " \\\n  ".join(lines)


def python_call(url: str, body: Mapping[str, Any], *, with_key: bool = False) -> str:
    """Return the Python program that stores the speech in `speech.FORMAT`."""
    key = 'os.environ["TTS_API_KEY"]' if with_key else '"none"'
    values = {name: json.dumps(value, ensure_ascii=False) for name, value in body.items()}
    arguments = "".join(f"    {name}={value},\n" for name, value in values.items())
    return (
        f"{OS if with_key else ''}"
        "from openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{url}/v1", api_key={key})\n'
        "with client.audio.speech.with_streaming_response.create(\n"
        f"{arguments}"
        ") as speech:\n"
        f'    speech.stream_to_file("speech.{body["response_format"]}")'
    )
