"""Answers to faults: a form without its proof of origin (CSRF), storage, database, program."""

import logging
import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext

from corpus.storage import storage_fault
from voicelab.roles import page_before

logger = logging.getLogger(__name__)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say what to do: allow cookies, or open the page again; what was typed comes back there."""
    context = {"no_cookie": reason == REASON_NO_CSRF_COOKIE, "back": page_before(request)}
    answer = render(request, "403_csrf.html", context, status=403)
    answer["X-Fault"] = "csrf"
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a fault of storage or database in its own words, another as a fault of the program.

    Nothing here reads database or storage.
    """
    error = sys.exc_info()[1]
    fault = storage_fault(error)
    if fault is None:
        return HttpResponse(render_to_string("500.html"), status=500)
    logger.error("%s %s: %s: %s", request.method, request.path, fault.code, error)
    page = render_to_string("507.html", {"words": gettext(fault.message), "code": fault.code})
    answer: Any = HttpResponse(page, status=fault.status)
    answer["X-Fault"] = "storage" if fault.is_storage else "database"
    answer["Retry-After"] = "30"
    answer._has_been_logged = True  # else Django logs it again, with a traceback
    return answer
