"""The demo's users: one per role, with random passwords that are shown once."""

import secrets

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from voicelab.roles import ADMIN, ROLES

NAMES = {
    "labeler": ("Elena", "Ruiz"),
    "speaker": ("Marina", "Soler"),
    "reviewer": ("Andrés", "Vidal"),
    "admin": ("Carmen", "Ortega"),
}


@transaction.atomic
def people_create(*, reset_passwords: bool = False) -> dict[str, str]:
    """Create missing groups and one user per role, named after the role.

    Returns the passwords set by this call, by user name; existing users keep theirs unless
    `reset_passwords`.
    """
    passwords = {}
    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role)
        first, last = NAMES[role]
        person, fresh = get_user_model().objects.get_or_create(
            username=role,
            defaults={
                "first_name": first,
                "last_name": last,
                "is_staff": role == ADMIN,
                "is_superuser": role == ADMIN,
            },
        )
        person.groups.add(group)
        if fresh or reset_passwords:
            passwords[role] = secrets.token_urlsafe(12)
            person.set_password(passwords[role])
            person.save(update_fields=["password"])
    return passwords
