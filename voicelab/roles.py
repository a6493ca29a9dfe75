"""The four roles as groups of permissions, and the decorator that enforces them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

LABELER, SPEAKER, REVIEWER, ADMIN = "labeler", "speaker", "reviewer", "admin"
ROLES = (LABELER, SPEAKER, REVIEWER, ADMIN)


def roles_of(user: Any) -> frozenset[str]:
    """Names of the roles a person holds; an admin or superuser holds all four."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if not hasattr(user, "_voicelab_roles"):
        held = set(user.groups.values_list("name", flat=True)) & set(ROLES)
        user._voicelab_roles = frozenset(ROLES if user.is_superuser or ADMIN in held else held)
    return user._voicelab_roles


def role_required(*allowed: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., Any]]:
    """Send strangers to sign-in and answer 403 to people without one of the roles."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., Any]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not roles_of(request.user) & set(allowed):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.allowed_roles = frozenset(allowed)  # type: ignore[attr-defined]
        return guarded

    return decorate
