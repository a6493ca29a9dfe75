"""Registers the distillation with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DistillationConfig(AppConfig):
    name = "distillation"
    verbose_name = _("Distillation")
    default_auto_field = "django.db.models.BigAutoField"
