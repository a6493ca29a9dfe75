"""Streams the sounds of a run, and draws their waveforms."""

import re
from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from corpus.audio import waveform
from corpus.audio.io import read_wav
from distillation.models import StyleRun, VoicePack
from distillation.services.tools import audio_dir
from voicelab.roles import ROLES, role_required

ROLES_OF_VOICES = ("target", "start", "evolved")


@require_GET
@role_required(*ROLES)
def style_audio(
    request: HttpRequest, pk: int, style: str, what: str, kind: str
) -> HttpResponseBase:
    """The target of a style, or its best voice so far."""
    row = get_object_or_404(StyleRun, run=pk, style=style)
    if what not in ("target", "preview") or not (file := getattr(row, what)):
        raise Http404
    return sound(request, Path(file.path), kind)


@require_GET
@role_required(*ROLES)
def held_out_audio(
    request: HttpRequest, pk: int, style: str, number: int, who: str, kind: str
) -> HttpResponseBase:
    """A held-out sentence in the target's, the start's or the evolved voice."""
    row = get_object_or_404(StyleRun, run=pk, style=style)
    if who not in ROLES_OF_VOICES:
        raise Http404
    return sound(request, audio_dir(row.run_id) / row.style / f"{number}-{who}.wav", kind)


@require_GET
@role_required(*ROLES)
def pack_audio(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The first held-out sentence in the voice of an evolved pack."""
    pack = get_object_or_404(VoicePack.objects.evolved().select_related("style_run"), pk=pk)
    folder = audio_dir(pack.style_run.run_id) / pack.style
    found = sorted(folder.glob("*-evolved.wav"), key=lambda path: int(path.name.partition("-")[0]))
    if not found:
        raise Http404
    return sound(request, found[-1], "wav")


def sound(request: HttpRequest, path: Path, kind: str) -> HttpResponseBase:
    if not path.is_file():
        raise Http404
    response = _drawn(path) if kind == "svg" else _heard(request, path)
    response["Cache-Control"] = "private, max-age=3600"
    response["Accept-Ranges"] = "bytes"
    return response


def _drawn(path: Path) -> HttpResponseBase:
    drawing = waveform.svg(read_wav(path), title=_("Waveform"))
    return HttpResponse(drawing, content_type="image/svg+xml")


def _heard(request: HttpRequest, path: Path) -> HttpResponseBase:
    return _part(request, path) or FileResponse(path.open("rb"), content_type="audio/wav")


def _part(request: HttpRequest, path: Path) -> HttpResponse | None:
    """Answer the part of the file a player seeks to, None where it asks for all of it."""
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if not wanted:
        return None
    size = path.stat().st_size
    first, last = int(wanted[1]), min(int(wanted[2] or size), size - 1)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    with path.open("rb") as file:
        file.seek(first)
        response = HttpResponse(file.read(last - first + 1), status=206, content_type="audio/wav")
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response
