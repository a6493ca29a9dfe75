"""The audit log: one row an act, which nobody changes or deletes."""

from typing import Any, NoReturn, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

DETAILS = {
    "added": _("added"),
    "by": _("replaced by"),
    "deployment": _("deployment"),
    "files": _("files"),
    "filter": _("filter"),
    "labels": _("labels"),
    "made": _("made at"),
    "nevertheless": _("nevertheless, because"),
    "reason": _("reason"),
    "removed": _("removed"),
    "rights": _("rights"),
    "rows": _("rows"),
    "run": _("run"),
    "sentences": _("sentences"),
    "sha256": _("SHA-256"),
    "state": _("state"),
    "style": _("style"),
    "take": _("take"),
    "takes": _("takes"),
    "text": _("text"),
}


class AppendOnly(RuntimeError):
    """Rows of the audit log are neither changed nor deleted."""


class AuditQuerySet(models.QuerySet):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly("The audit log is append-only: no row is changed.")

    def delete(self) -> NoReturn:
        raise AppendOnly("The audit log is append-only: no row is deleted.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("The audit log is append-only: no row is changed.")

    def told(self, *, act: str = "", who: str = "", about: str = "") -> Self:
        """Rows of an act, of a person, and about something whose name contains a text."""
        rows = self.filter(act=act) if act else self
        rows = rows.filter(person__iexact=who) if who else rows
        return rows.filter(about__icontains=about) if about else rows


class AuditEntry(models.Model):
    """Who did what to what, when and from where.

    People are kept by name and number, not by reference: the row stays as it was written, whatever
    becomes of the account.
    """

    class Act(models.TextChoices):
        SIGNED_IN = "signed-in", _("signed in")
        SIGNED_OUT = "signed-out", _("signed out")
        SIGN_IN_FAILED = "sign-in-failed", _("sign-in failed")
        ACCOUNT_ADDED = "account-added", _("account added")
        ACCOUNT_CLOSED = "account-closed", _("account closed")
        ACCOUNT_OPENED = "account-opened", _("account opened again")
        ACCOUNT_DELETED = "account-deleted", _("account deleted")
        ROLES_CHANGED = "roles-changed", _("roles changed")
        PASSWORD_CHANGED = "password-changed", _("password changed")
        FACTOR_ON = "factor-on", _("second factor turned on")
        FACTOR_OFF = "factor-off", _("second factor ended")
        LINK_ASKED = "link-asked", _("password link asked for by mail")
        LINK_MADE = "link-made", _("one-time link made")
        ADJUDICATED = "adjudicated", _("dispute decided")
        SENTENCE_REPLACED = "sentence-replaced", _("sentence replaced")
        SENTENCE_RESTORED = "sentence-restored", _("sentence put back")
        TAKE_JUDGED = "take-judged", _("take judged")
        CONSENT_GIVEN = "consent-given", _("consent given")
        CONSENT_WITHDRAWN = "consent-withdrawn", _("consent withdrawn")
        RUN_LAUNCHED = "run-launched", _("run launched")
        RUN_PAUSED = "run-paused", _("run paused")
        RUN_RESUMED = "run-resumed", _("run resumed")
        RUN_CANCELLED = "run-cancelled", _("run cancelled")
        RUN_RETRIED = "run-retried", _("run retried")
        VOICE_APPROVED = "voice-approved", _("voice approved")
        VOICE_REJECTED = "voice-rejected", _("voice rejected")
        DEPLOY_ASKED = "deploy-asked", _("deployment asked for")
        DEPLOY_OVERRIDDEN = "deploy-overridden", _("deployment against the rules asked for")
        ROLL_BACK_ASKED = "roll-back-asked", _("roll back asked for")
        RETIRE_ASKED = "retire-asked", _("retirement asked for")
        VOICE_RETURNED = "voice-returned", _("voice came back by itself")
        IMPORTED = "imported", _("corpus imported")
        EXPORTED = "exported", _("data exported")
        BACKED_UP = "backed-up", _("backup made")
        RESTORED = "restored", _("backup restored")

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True, editable=False)
    person = models.CharField(pgettext_lazy("audit", "who"), max_length=150, blank=True)
    person_number = models.BigIntegerField(_("number of the account"), null=True)
    act = models.CharField(_("what"), max_length=24, choices=Act, db_index=True)
    about = models.CharField(_("to what"), max_length=250, blank=True)
    details = models.JSONField(_("details"), default=dict)
    address = models.GenericIPAddressField(_("from where"), null=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        verbose_name = _("entry of the audit log")
        verbose_name_plural = _("audit log")
        indexes = [models.Index(fields=["person"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.person or '—'}: {self.act} {self.about}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("The audit log is append-only: no row is changed.")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("The audit log is append-only: no row is deleted.")

    @property
    def told(self) -> list[tuple[str, str]]:
        """The details as words for a page."""
        return [(str(DETAILS.get(key, key)), _words(value)) for key, value in self.details.items()]


def _words(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{key}: {one}" for key, one in value.items()]
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
