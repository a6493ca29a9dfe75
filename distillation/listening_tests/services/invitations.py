"""Signed links that let anybody with a name take part: made, opened, revoked."""

from datetime import timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from distillation.listening_tests.models import Invitation, Listener, ListeningTest
from distillation.listening_tests.services.errors import ListeningError
from distillation.listening_tests.services.participation import listener_add

SALT = "listening_tests.invitation"
DAYS = 14
MAX_A_MINUTE, MAX_LISTENERS = 10, 200  # names entered through one link


def invitation_make(*, test: ListeningTest, person: Any, days: int = DAYS) -> Invitation:
    """Make a link that is valid for some days; earlier links stop."""
    with transaction.atomic():
        invitation_revoke(test=test)
        expires_at = timezone.now() + timedelta(days=days)
        return Invitation.objects.create(test=test, person=person, expires_at=expires_at)


def invitation_revoke(*, test: ListeningTest) -> None:
    """Stop the links of a test; who came in through them can no longer vote."""
    test.invitations.filter(revoked_at=None).update(revoked_at=timezone.now())


def invitation_token(invitation: Invitation) -> str:
    return signing.dumps(invitation.pk, salt=SALT)


def invitation_of(token: str) -> Invitation | None:
    """Return the invitation that a link names; None if the link is not ours."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return Invitation.objects.select_related("test__run").filter(pk=pk).first()


def invitation_accept(*, invitation: Invitation, name: str) -> Listener:
    """Let a person take part under a name.

    Raises
    ------
    ListeningError
        `name_taken`, `too_many` (try again in a minute), `full`.
    """
    since = timezone.now() - timedelta(minutes=1)
    with transaction.atomic():
        test = ListeningTest.objects.select_for_update().get(pk=invitation.test_id)
        came = test.listeners.filter(invitation__isnull=False)
        if came.filter(joined_at__gt=since).count() >= MAX_A_MINUTE:
            raise ListeningError("too_many", _("Many people come in now; try again in a minute."))
        if came.count() >= MAX_LISTENERS:
            raise ListeningError("full", _("This test has all the listeners it can take."))
        if came.filter(name__iexact=name).exists():
            raise ListeningError(
                "name_taken",
                _("Somebody of this name takes part already. If that is you, open the address of "
                  "your test again; otherwise add a second name."),
            )  # fmt: skip
        return listener_add(test=test, name=name, invitation=invitation)
