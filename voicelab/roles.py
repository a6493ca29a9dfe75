"""The four roles as Django groups: lookup of a user's roles, and the decorator to enforce them."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

LABELER, SPEAKER, REVIEWER, ADMIN = "labeler", "speaker", "reviewer", "admin"
ROLES = (LABELER, SPEAKER, REVIEWER, ADMIN)
ROLE_NAMES = {
    LABELER: pgettext_lazy("role", "labeler"),
    SPEAKER: pgettext_lazy("role", "speaker"),
    REVIEWER: pgettext_lazy("role", "reviewer"),
    ADMIN: pgettext_lazy("role", "admin"),
}


class RolesBackend(ModelBackend):
    """Fetches a user together with their groups in one query: every request needs both."""

    def get_user(self, user_id: int) -> Any:
        people: Any = get_user_model()._default_manager
        rows = list(people.filter(pk=user_id).annotate(group_name=F("groups__name")))
        if not rows or not self.user_can_authenticate(rows[0]):
            return None
        rows[0].held = {row.group_name for row in rows}
        return rows[0]


def roles_of(user: Any) -> frozenset[str]:
    """Names of the roles a user has; an admin or superuser has all four."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if not hasattr(user, "_voicelab_roles"):
        held = (
            user.held if hasattr(user, "held") else set(user.groups.values_list("name", flat=True))
        )
        held = held & set(ROLES)
        user._voicelab_roles = frozenset(ROLES if user.is_superuser or ADMIN in held else held)
    return user._voicelab_roles


def page_before(request: HttpRequest) -> str:
    """Return the path of the page that this request was sent from; home if it is unknown."""
    before = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, request.is_secure()):
        return resolve_url("home")
    parts = urlsplit(before)
    return urlunsplit(("", "", parts.path, parts.query, ""))


def _sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect the whole page, even when HTMX requested only a fragment."""
    htmx = getattr(request, "htmx", None)
    if not htmx and request.method == "POST":  # its address may not be a page: its form's is
        return redirect_to_login(page_before(request))
    if not htmx:
        return redirect_to_login(request.get_full_path())
    answer = redirect_to_login(htmx.current_url_abs_path or resolve_url("home"))
    return HttpResponseClientRedirect(answer.url)


def posted_from(page: str | Callable[..., str]) -> Callable[..., Any]:
    """Accept a form by POST; a GET leads to its page: a name, or `page(**kwargs)` an address.

    For views that answer with a page: it stays in the address bar, so it is opened again after
    signing in, after changing the language, or by hand.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in ("GET", "HEAD"):
                return redirect(page if isinstance(page, str) else page(**kwargs))
            return view(request, *args, **kwargs)

        return require_http_methods(["GET", "HEAD", "POST"])(guarded)

    return decorate


def role_required(*allowed: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., Any]]:
    """Redirect anonymous users to sign-in; respond 403 to users without one of the roles."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in(request)
            if not roles_of(request.user) & set(allowed):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.allowed_roles = frozenset(allowed)  # type: ignore[attr-defined]
        return guarded

    return decorate
