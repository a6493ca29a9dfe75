"""Changes to gunicorn and Celery, one module for each, with its reason."""
