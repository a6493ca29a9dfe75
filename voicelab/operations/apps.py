"""Registers the operations with Django and connects what follows signals; reports errors."""

import logging

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "voicelab.operations"
    verbose_name = _("Operations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.conf import settings

        from voicelab.operations import account_acts, worker_port  # noqa: F401 (connect signals)
        from voicelab.tracing import errors_report

        errors_report(settings.SENTRY_DSN, logging.getLogger("voicelab"))
