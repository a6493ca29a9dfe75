"""The web application as a WSGI application, for gunicorn; its clients' addresses are true."""

import os
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application


class TrueAddress:
    """WSGI middleware: what proxies forward counts only if the connection is a trusted proxy's.

    `REMOTE_ADDR` becomes the last address of X-Forwarded-For that is no trusted proxy; from
    anybody else all X-Forwarded headers are removed.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], trusted: Iterable[str]) -> None:
        self._application = application
        self._trusted = [ip_network(one) for one in trusted]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._is_trusted(environ.get("REMOTE_ADDR", "")):
            forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
            for address in map(str.strip, reversed(forwarded)):
                if not _is_address(address):
                    break
                environ["REMOTE_ADDR"] = address
                if not self._is_trusted(address):
                    break
        else:
            for name in [name for name in environ if name.startswith("HTTP_X_FORWARDED_")]:
                del environ[name]
        return self._application(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in one for one in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voicelab.settings")
application = TrueAddress(get_wsgi_application(), settings.TRUSTED_PROXIES)
