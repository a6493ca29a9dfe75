"""Every request: its id, its true address, one line of log; probes answer for any host name."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from voicelab.tracing import client_address, request_id_of, tracing

logger = logging.getLogger("voicelab.web")


def observed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        forwarded = request.headers.get("X-Forwarded-For", "")
        request.META["REMOTE_ADDR"] = client_address(
            request.META.get("REMOTE_ADDR", ""), forwarded, settings.TRUSTED_PROXIES
        )
        with tracing(request_id=request_id_of(given), run_id=None, request=request) as trace:
            began = time.perf_counter()
            response = get_response(request)
            response["X-Request-ID"] = trace.request_id
            _note(request, response, time.perf_counter() - began)
            return response

    return middleware


def _note(request: HttpRequest, response: HttpResponse, taken_s: float) -> None:
    """Log the page by its name: an address may hold a listener's or a password's secret."""
    match = request.resolver_match
    fields: dict[str, Any] = {
        "route": (match.view_name if match else "") or "unknown",
        "method": request.method,
        "status": response.status_code,
        "ms": round(1000 * taken_s, 1),
    }
    text = "{method} {route} {status} {ms} ms".format(**fields)
    logger.info(text, extra={"fields": fields})
