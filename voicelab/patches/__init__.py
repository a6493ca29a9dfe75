"""What is changed in gunicorn and Celery, a file for each change, with its reason."""
