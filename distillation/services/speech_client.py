"""The web's client of the speech service: the voices it has, and speech streamed from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from distillation.services.errors import PlaygroundError

CONNECT_S = 2.0
LISTING_S = 5.0
SPEECH_S = 130.0  # between two pieces; the service itself gives up after TTS_TIMEOUT_S
UNLISTED = ("alias",)  # OpenAI's names for voices that are listed under their own


@dataclass(frozen=True, kw_only=True)
class ServiceVoice:
    """A voice of the speech service; `sha256` is that of a deployed pack, else empty."""

    name: str
    kind: str
    engine: str
    sha256: str
    speed: float
    gain_db: float
    pitch_range: float


def voices_list() -> list[ServiceVoice]:
    """Return the voices of the speech service, deployed ones first.

    Raises
    ------
    PlaygroundError
        `service_unreachable`, `service_not_ready`, `service_refused`.
    """
    try:
        with speech_client(LISTING_S) as client:
            answer = client.get("/v1/audio/voices")
            _check(answer)
            voices = answer.json()["voices"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
        raise _unreachable() from error
    return [_voice(one) for one in voices if one["kind"] not in UNLISTED]


@contextmanager
def speech(body: dict[str, Any]) -> Iterator[Iterator[bytes]]:
    """Ask the service to speak; yield the bytes as they come.

    Raises
    ------
    PlaygroundError
        `service_unreachable`, `service_not_ready`, `service_busy`, `service_refused`.
    """
    try:
        with (
            speech_client(SPEECH_S) as client,
            client.stream("POST", "/v1/audio/speech", json=body) as it,
        ):
            if not it.is_success:
                it.read()
            _check(it)
            yield it.iter_bytes()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unreachable() from error


def speech_client(timeout_s: float) -> httpx.Client:
    """Return a client of the speech service, with a key where the service wants one."""
    key = settings.SPEECH_API_KEY
    return httpx.Client(
        base_url=settings.SPEECH_URL,
        timeout=httpx.Timeout(timeout_s, connect=CONNECT_S),
        headers={"Authorization": f"Bearer {key}"} if key else {},
        trust_env=False,  # a proxy of the machine does not know our own service
    )


def _voice(one: dict[str, Any]) -> ServiceVoice:
    return ServiceVoice(
        name=one["id"],
        kind=one["kind"],
        engine=one["engine"],
        sha256=one["sha256"],
        speed=one["speed"],
        gain_db=one["gain_db"],
        pitch_range=one["pitch_range"],
    )


def _check(answer: httpx.Response) -> None:
    """Raise what the service says if it did not accept the request."""
    if answer.is_success:
        return
    said, status = _message(answer), answer.status_code
    if status == 503:
        code, message = "service_not_ready", _("The speech service is not ready yet: %s")
    elif status == 429:
        code, message = "service_busy", _("The speech service is busy: %s")
    else:
        code, message = "service_refused", _("The speech service refused: %s")
    raise PlaygroundError(code, message % said)


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _unreachable() -> PlaygroundError:
    message = _(
        "The speech service does not answer at %(url)s. Start it with “python -m voicelab.tts”, "
        "or everything with “make serve”; SPEECH_URL says where it is."
    )
    return PlaygroundError("service_unreachable", message % {"url": settings.SPEECH_URL})
