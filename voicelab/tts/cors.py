"""Cross-origin requests: which pages of other sites may use the service from a browser."""

from __future__ import annotations

from collections.abc import Collection

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

EXPOSED = (
    "X-Voice, X-Voice-SHA256, X-Voice-Speed, X-Voice-Gain-dB, X-Audio-Seconds, X-Request-ID, "
    "Retry-After"
)
PREFLIGHT_S = 600  # how long a browser may keep the answer


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
