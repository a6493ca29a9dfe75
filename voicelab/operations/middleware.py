"""Every request: its id and one line of log; probes answer for any host name."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from voicelab.operations import metrics, views
from voicelab.tracing import request_id_of, tracing

PROBES = {"/healthz": views.healthz, "/readyz": views.readyz}
logger = logging.getLogger("voicelab.web")


def observed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            return PROBES[request.path_info](request)
        given = request.headers.get("X-Request-ID", "")
        with tracing(request_id=request_id_of(given), run_id=None, request=request) as trace:
            began, status = time.perf_counter(), 500
            try:
                response = get_response(request)
                response["X-Request-ID"] = trace.request_id
                status = response.status_code
                return response
            finally:
                _note(request, status, time.perf_counter() - began)

    return middleware


def _note(request: HttpRequest, status: int, taken_s: float) -> None:
    """Log the page by its name: an address may hold a listener's or a password's secret."""
    match = request.resolver_match
    fields: dict[str, Any] = {
        "route": (match.view_name if match else "") or "unknown",
        "method": request.method,
        "status": status,
        "ms": round(1000 * taken_s, 1),
    }
    text = "{method} {route} {status} {ms} ms".format(**fields)
    logger.info(text, extra={"fields": fields})
    metrics.requests.labels(fields["route"], fields["status"]).inc()
    metrics.request_seconds.labels(fields["route"]).observe(taken_s)
