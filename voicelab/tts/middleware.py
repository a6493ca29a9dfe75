"""Middleware for every request: host, origin (CORS) and errors in OpenAI's format."""

from __future__ import annotations

import http
import uuid
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import async_only_middleware

from voicelab.tts.errors import INVALID, SERVER, ApiError
from voicelab.tts.service import Service

Handler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]
SPEECH = "/v1/audio/speech"
# Only the documentation page is HTML; its inline styles are inserted by a script.
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
EXPOSED = (
    "X-Voice, X-Voice-SHA256, X-Voice-Speed, X-Voice-Gain-dB, X-Voice-Pitch-Range, "
    "X-Audio-Seconds, X-Request-ID, Retry-After"
)
PREFLIGHT_S = 600  # how long a browser may keep the answer


@async_only_middleware
def frame(get_response: Handler) -> Handler:
    """Check host and origin, return errors as JSON, allow other origins, count requests."""

    async def answer(request: HttpRequest) -> HttpResponseBase:
        try:
            _check_sender(request)
            response = _as_json(request, await get_response(request))
        except ApiError as error:
            response = error.response()
        if isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Request-ID"] = uuid.uuid4().hex
        allow_origin(request, response, _service(request).config.cors_origins)
        if request.path == SPEECH:
            _service(request).metrics.requests.labels(response.status_code).inc()
        return response

    return answer


def _check_sender(request: HttpRequest) -> None:
    """Reject unknown hosts and cross-site POSTs: browsers send those to loopback too."""
    try:
        host = request.get_host()
    except DisallowedHost as error:
        raise ApiError(
            400, f"{error} The setting is TTS_ALLOWED_HOSTS.", code="host_not_allowed"
        ) from error
    origin = request.headers.get("Origin")
    if request.method != "POST" or origin is None or _place_of(origin) == host:
        return
    if not is_allowed(origin, _service(request).config.cors_origins):
        raise ApiError(
            403,
            f"Pages of {origin} may not use this service; the setting is TTS_CORS_ORIGINS.",
            code="origin_not_allowed",
        )


def _place_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://["
        return ""


def _as_json(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Convert one of Django's own error responses to an OpenAI error; pass others through."""
    status = response.status_code
    if request.method == "OPTIONS" and status == http.HTTPStatus.METHOD_NOT_ALLOWED:
        return HttpResponse(status=204, headers={"Allow": f"{response.headers['Allow']}, OPTIONS"})
    if status < 400 or response.headers.get("Content-Type", "").startswith("application/json"):
        return response
    what = {
        404: f"There is nothing at {request.path}; see /docs.",
        405: f"{request.path} does not take {request.method}; see /docs.",
    }.get(status, f"{http.HTTPStatus(status).phrase}. The service's log says more.")
    code = http.HTTPStatus(status).name.lower()
    kind = SERVER if status >= 500 else INVALID
    headers = {"Allow": response.headers["Allow"]} if "Allow" in response.headers else {}
    return ApiError(status, what, code=code, kind=kind, headers=headers).response()


def _service(request: HttpRequest) -> Service:
    service: Service = request.scope["speech"]  # type: ignore[attr-defined]
    return service


def is_allowed(origin: str, allowed: Collection[str]) -> bool:
    """Return whether pages of this origin may use the service."""
    return "*" in allowed or origin in allowed


def allow_origin(
    request: HttpRequest, response: HttpResponseBase, allowed: Collection[str]
) -> None:
    """Add the headers with which a browser lets a page of an allowed origin read the response.

    No credentials are allowed: keys travel in the Authorization header, never in cookies.
    """
    if not allowed:
        return
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin")
    if origin is None or not is_allowed(origin, allowed):
        return
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in allowed else origin
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        wanted = request.headers.get("Access-Control-Request-Headers", "")
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = wanted or "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_S)
