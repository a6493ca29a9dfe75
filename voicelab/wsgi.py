"""The web application as a WSGI application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from voicelab.patches.content_length import WholeBody

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voicelab.settings")
application = WholeBody(get_wsgi_application())
