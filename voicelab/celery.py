"""The Celery application: broker from the settings, tasks discovered in the installed apps."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voicelab.settings")

TRANSPORT_ALIASES["filesystem"] = "voicelab.patches.celery_broker:Transport"
app = Celery("voicelab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
