"""The web application as WSGI, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voicelab.settings")
application = get_wsgi_application()
