"""Values of a request, read so that nothing a client sends makes a view fail."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import BadRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.defaults import bad_request

_NUMBER = re.compile(r"[0-9]{1,18}")  # what a column of numbers holds


def row_number(text: str) -> int | None:
    """Return the number of a row; None if none is given. BadRequest (400) if it is no number."""
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadRequest("a number of at most 18 digits is wanted")
    return int(text)


def row_chosen(text: str) -> int:
    """Return the number of a row that a filter names; 0, which no row has, if it is no number."""
    return int(text) if _NUMBER.fullmatch(text) else 0


def next_page(request: HttpRequest, otherwise: str) -> str:
    """Return the path of this site that the form's `next` holds, or `otherwise`."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if safe and wanted.startswith("/") else otherwise


class Readable:
    """Middleware: 400 for broken addresses in headers, and for NUL characters no page refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: Any, *_view: Any) -> None:
        try:
            _ = request.htmx.current_url_abs_path
        except ValueError as error:
            raise BadRequest("HX-Current-URL is no address") from error

    def process_exception(self, request: Any, fault: Exception) -> HttpResponse | None:
        """PostgreSQL refuses NUL characters; where one was sent, its fault is the sender's."""
        sent = (request.path, *_texts(request.GET, request.POST))
        if isinstance(fault, ValueError | DatabaseError) and any("\0" in text for text in sent):
            return bad_request(request, fault)
        return None


def _texts(*forms: QueryDict) -> Iterable[str]:
    for form in forms:
        for name, values in form.lists():
            yield name
            yield from values
