"""URLs of the speech service, and the static files of its documentation page."""

import mimetypes
from pathlib import Path

import ninja
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from voicelab.tts.views import api

ASSETS = Path(ninja.__file__).parent / "static" / "ninja"


def asset(_request: HttpRequest, name: str) -> HttpResponse:
    if name not in {file.name for file in ASSETS.iterdir()}:
        raise Http404
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return HttpResponse((ASSETS / name).read_bytes(), content_type=kind)


urlpatterns = [path("static/ninja/<str:name>", asset), path("", api.urls)]
