"""The speech service as ASGI, for uvicorn: health answers while a synthesis runs."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voicelab.settings_tts")
application = get_asgi_application()
