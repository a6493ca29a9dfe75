"""Teacher `http`: any server with OpenAI's `POST /v1/audio/speech`, with or without cloning."""

from __future__ import annotations

import base64
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import httpx

from corpus.audio.io import MAX_BYTES, decode, encode_wav
from corpus.audio.types import Audio, AudioError
from distillation.engines.base import EngineError, Prompt

ATTEMPTS = 4
BUSY = (429, 503)
LONGEST_WAIT_S = 30.0
CONNECT_S = 5.0
FALLBACK_VOICE = "alloy"  # offered by OpenAI-compatible servers


class HttpTeacher:
    """Client of a speech server.

    Parameters
    ----------
    url : str
        Of the server, with or without `/v1`.
    model : str
        Sent unchanged.
    voice : str, optional
        Sent unchanged. By default the voice named after the prompt's style if the server lists it
        (`GET /v1/audio/voices`), else `alloy` if listed, else the `default` given by the server.
    api_key : str, optional
        Sent as a bearer token; never included in a message.
    timeout_s : float or str
        For the whole response; a cloning teacher is slow.

    Raises
    ------
    EngineError
        `bad_option`.
    """

    name: ClassVar[str] = "http"

    def __init__(
        self,
        *,
        url: str = "",
        model: str = "tts-1",
        voice: str = "",
        api_key: str = "",
        timeout_s: float | str = 300.0,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise EngineError(
                "bad_option", f"url: the speech server's address (http://…), not {url!r}."
            )
        base = url.rstrip("/").removesuffix("/v1") + "/v1/audio"
        self._address, self._listing = f"{base}/speech", f"{base}/voices"
        self._body = {"model": model, "response_format": "wav"}
        self._voice = voice
        self._listed: tuple[frozenset[str], str] | None = None
        self._headers = _headers(api_key.strip())
        try:
            self._timeout = httpx.Timeout(float(timeout_s), connect=CONNECT_S)
        except ValueError as error:
            raise EngineError("bad_option", f"timeout_s: seconds, not {timeout_s!r}.") from error

    def synthesize(
        self, text: str, condition: Prompt, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        """Have the server speak `text`.

        `reference_audio` (a base64 WAV) and `reference_text` are sent only if the prompt has
        audio, `seed` always; servers that do not support them ignore them. Status 429 and 503
        are retried after `Retry-After`, with at most four attempts.

        Raises
        ------
        EngineError
            `teacher_unreachable`, `teacher_timeout`, `teacher_refused` (with the server's
            message), `teacher_busy`, `teacher_not_audio`, `bad_take` for the prompt.
        """
        body: dict[str, Any] = {**self._body, "input": text, "speed": speed, "seed": seed}
        body["voice"] = self._voice or self._voice_of(condition.style)
        if condition.audio is not None:
            body["reference_audio"] = _encoded(condition.audio)
            body["reference_text"] = condition.transcript
        answer = self._answer(body)
        try:
            return decode(answer.content)
        except AudioError as error:
            kind = answer.headers.get("content-type", "no type")
            raise EngineError(
                "teacher_not_audio",
                f"{self._address} answered {len(answer.content)} bytes of {kind} that are not "
                f"usable sound: {error}",
            ) from error

    def _voice_of(self, style: str) -> str:
        if self._listed is None:
            self._listed = self._voices()
        known, default = self._listed
        return next((voice for voice in (style, FALLBACK_VOICE) if voice in known), default)

    def _voices(self) -> tuple[frozenset[str], str]:
        """Return the voices listed by the server and its default; none without such a list."""
        try:
            answer = httpx.get(self._listing, headers=self._headers, timeout=CONNECT_S)
            found = answer.json() if answer.is_success else {"voices": []}
            known = (str(one["id"] if isinstance(one, dict) else one) for one in found["voices"])
            return frozenset(known), str(found.get("default") or FALLBACK_VOICE)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
            return frozenset(), FALLBACK_VOICE

    def _answer(self, body: dict[str, Any]) -> httpx.Response:
        with httpx.Client(timeout=self._timeout, headers=self._headers) as client:
            for attempt in range(1, ATTEMPTS + 1):
                answer = self._post(client, body)
                if answer.status_code not in BUSY:
                    break
                if attempt < ATTEMPTS:
                    time.sleep(_wait_s(answer, attempt))
        if answer.status_code in BUSY:
            raise EngineError(
                "teacher_busy",
                f"{self._address} was busy {ATTEMPTS} times ({answer.status_code}): "
                f"{_error_message(answer)}",
            )
        if not answer.is_success:
            hint = (
                " Its key is TTS_URL_KEY, sent to TTS_URL only."
                if answer.status_code == 401
                else ""
            )
            raise EngineError(
                "teacher_refused",
                f"{self._address} answered {answer.status_code}: {_error_message(answer)}{hint}",
            )
        return answer

    def _post(self, client: httpx.Client, body: dict[str, Any]) -> httpx.Response:
        try:
            with client.stream("POST", self._address, json=body) as answer:
                return self._whole(answer)
        except httpx.TimeoutException as error:
            raise EngineError(
                "teacher_timeout",
                f"{self._address} did not answer within {self._timeout.read:.0f} s; is it the "
                "right server? Raise timeout_s for a slow one.",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EngineError(
                "teacher_unreachable",
                f"{self._address} cannot be reached ({error}); start the server or correct url.",
            ) from error

    def _whole(self, answer: httpx.Response) -> httpx.Response:
        """Return the complete response within the timeout, which httpx applies to each read."""
        until, content = time.monotonic() + (self._timeout.read or 0.0), bytearray()
        for part in answer.iter_bytes():
            content += part
            if time.monotonic() > until:
                raise httpx.ReadTimeout("the answer does not end", request=answer.request)
            if len(content) > MAX_BYTES:
                raise EngineError(
                    "teacher_not_audio",
                    f"{self._address} answers with more than {MAX_BYTES // 2**20} MB; is it the "
                    "right server?",
                )
        headers = {"content-type": answer.headers.get("content-type", "no type")}
        headers |= {k: v for k, v in answer.headers.items() if k == "retry-after"}
        return httpx.Response(answer.status_code, headers=headers, content=bytes(content))


def _headers(api_key: str) -> dict[str, str]:
    if not api_key:
        return {}
    if not (api_key.isascii() and api_key.isprintable()):  # the client's error would contain it
        raise EngineError(
            "bad_option", "api_key: letters, digits and signs of ASCII wanted, on one line."
        )
    return {"Authorization": f"Bearer {api_key}"}


def _wait_s(answer: httpx.Response, attempt: int) -> float:
    try:
        asked = float(answer.headers.get("retry-after", ""))
    except ValueError:
        asked = 0.5 * 2**attempt  # no Retry-After, or a date
    return min(max(asked, 0.0), LONGEST_WAIT_S)


def _error_message(answer: httpx.Response) -> str:
    """Return the server's error message, shortened, on one line."""
    try:
        error = answer.json()["error"]
        text = str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        text = answer.text
    return " ".join(text.split())[:300] or "no words"


def _encoded(path: Path) -> str:
    try:
        return _wav(path, path.stat().st_mtime_ns)
    except (AudioError, OSError) as error:
        raise EngineError(
            "bad_take", f"{path}: the reference audio is unusable: {error}"
        ) from error


@lru_cache(maxsize=4)
def _wav(path: Path, _changed: int) -> str:
    return base64.b64encode(encode_wav(decode(path))).decode()
