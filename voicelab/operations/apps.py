"""Registers the operations with Django, and what is recorded when accounts change."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "voicelab.operations"
    verbose_name = _("Operations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from voicelab.operations import account_acts  # noqa: F401 (connects the signals)
