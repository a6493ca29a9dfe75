"""The project: settings, URLs, roles, worker and speech service wired together."""

from voicelab.celery import app as celery_app

__all__ = ["celery_app"]
