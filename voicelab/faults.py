"""The answer to a form whose proof of origin (CSRF) is missing or belongs to an ended session."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import render

from voicelab.roles import page_before


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say what to do: allow cookies, or open the page again; what was typed comes back there."""
    context = {"no_cookie": reason == REASON_NO_CSRF_COOKIE, "back": page_before(request)}
    answer = render(request, "403_csrf.html", context, status=403)
    answer["X-Fault"] = "csrf"
    return answer
