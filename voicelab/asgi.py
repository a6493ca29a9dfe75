"""The speech service as an ASGI application, so that /health responds during a synthesis."""

import logging
import os

from django.core.asgi import get_asgi_application

from voicelab import settings_tts
from voicelab.tracing import errors_report

os.environ["DJANGO_SETTINGS_MODULE"] = "voicelab.settings_tts"  # the package's default is the web's
django = get_asgi_application()

from voicelab.tts import urls  # noqa: E402, F401  # fail at startup if the URLs are broken
from voicelab.tts.application import Application, config  # noqa: E402
from voicelab.tts.service import Service  # noqa: E402

errors_report(settings_tts.SENTRY_DSN, logging.getLogger("voicelab.tts"))

application = Application(
    django,
    Service(config()),
    max_body=settings_tts.TTS_MAX_BODY,
    receive_s=settings_tts.TTS_RECEIVE_S,
)
