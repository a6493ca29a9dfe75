"""The demo's people, and their random passwords kept beside the data so that a second demo can say them."""

from __future__ import annotations

import json

from django.conf import settings
from django.contrib.auth.models import User

from corpus.people import people_create
from voicelab.roles import ROLES


def people_make() -> dict[str, User]:
    """Create one person per role where missing; return them by role."""
    fresh = people_create()
    if fresh:
        path = settings.DATA_DIR / "demo_passwords.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({**passwords_kept(), **fresh}))
    return {role: User.objects.get(username=role) for role in ROLES}


def passwords_kept() -> dict[str, str]:
    """Passwords by user name, as far as this checkout made them."""
    path = settings.DATA_DIR / "demo_passwords.json"
    return json.loads(path.read_text()) if path.exists() else {}
