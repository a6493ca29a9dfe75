"""The project: settings, URLs, roles, worker and speech service wired together."""

from voicelab.openmp import waits_asleep

waits_asleep()  # before anything can import torch

from voicelab.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
