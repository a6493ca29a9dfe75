"""Patches to gunicorn and Celery, one per module, each with its reason."""
