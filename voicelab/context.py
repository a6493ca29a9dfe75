"""What the frame of every page needs: the person's roles."""

from typing import Any

from django.http import HttpRequest

from voicelab.roles import roles_of


def frame(request: HttpRequest) -> dict[str, Any]:
    return {"roles": roles_of(request.user) if hasattr(request, "user") else frozenset()}
