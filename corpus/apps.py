"""Django app configuration of the corpus."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CorpusConfig(AppConfig):
    name = "corpus"
    verbose_name = _("Corpus")
    default_auto_field = "django.db.models.BigAutoField"
