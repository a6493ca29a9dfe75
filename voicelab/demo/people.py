"""The demo's people; their random passwords are kept beside the data for a second demo."""

from __future__ import annotations

import json

from django.conf import settings
from django.contrib.auth.models import User

from corpus.people import people_create
from voicelab.roles import ROLES

PATH = settings.DATA_DIR / "demo_passwords.json"


def people_make() -> dict[str, User]:
    """Create one person per role where missing; return them by role."""
    fresh = people_create()
    if fresh:
        passwords = passwords_kept() | fresh
        PATH.touch(mode=0o600)
        PATH.write_text(json.dumps(passwords))
    return {role: User.objects.get(username=role) for role in ROLES}


def passwords_kept() -> dict[str, str]:
    """Passwords by user name, as far as this checkout made them."""
    return json.loads(PATH.read_text()) if PATH.exists() else {}
