"""Django app configuration of the corpus."""

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from corpus.text.choices import configured_choices


class CorpusConfig(AppConfig):
    name = "corpus"
    verbose_name = _("Corpus")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Refuse to start with a wrong reading of texts rather than fail at the first one."""
        try:
            configured_choices()
        except ValueError as error:
            raise ImproperlyConfigured(str(error)) from error
