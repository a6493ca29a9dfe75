"""Registers the listening tests with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ListeningTestsConfig(AppConfig):
    name = "distillation.listening_tests"
    label = "listening_tests"
    verbose_name = _("Listening tests")
    default_auto_field = "django.db.models.BigAutoField"
