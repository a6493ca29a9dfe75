"""Requests that are too large, too slow or not HTTP: refused early, in OpenAI's format."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator

import pytest

from tests.processes import free_port, running, wait_for

HEAD = b"POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve praat, which waits half a second for heads and bodies."""
    data, number = tmp_path_factory.mktemp("speech"), free_port()
    env = {
        "VOICELAB_DATA_DIR": str(data), "SPEECH_PORT": str(number), "TTS_BACKEND": "praat",
        "TTS_RECEIVE_S": "0.5", "TMPDIR": str(data),
    }  # fmt: skip
    log = data / "log"
    with running([sys.executable, "-m", "voicelab.tts"], log=log, env={**os.environ, **env}):
        wait_for("the speech service", lambda: b"200" in _answer(number, _ready(), 1), seconds=60)
        yield number
    assert "Traceback" not in log.read_text()
    assert [path.name for path in data.iterdir()] == ["log"]  # no temporary folder is left


def _ready() -> bytes:
    return b"GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def _answer(port: int, *parts: bytes | float) -> bytes:
    """Send parts, with pauses between them; return all that comes back until the server closes."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            for part in parts:
                if isinstance(part, bytes):
                    connection.sendall(part)
                else:
                    time.sleep(part)
            return b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError:
        return b""


def _error(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower()
    return int(head.split()[1]), json.loads(body)["error"]["code"]


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ((b"GET /health HT",), 408, "request_timeout"),
        ((b"",), 408, "request_timeout"),
        ((HEAD + b"Content-Length: 50\r\n\r\n{",), 408, "request_timeout"),
        ((HEAD + b"Content-Length: 999999999\r\n\r\n",), 413, "body_too_large"),
        ((HEAD + b"Content-Length: 999999999\r\nExpect: 100-continue\r\n\r\n",), 413,
         "body_too_large"),
        ((HEAD + b"Content-Length: 400000\r\n\r\n" + b"x" * 400_000,), 413, "body_too_large"),
        ((b"nonsense\r\n\r\n",), 400, "invalid_http"),
        ((HEAD + b"Content-Length: x\r\n\r\n",), 400, "invalid_http"),
    ],
)  # fmt: skip
def test_the_refusal_is_an_openai_error(
    port: int, parts: tuple[bytes, ...], status: int, code: str
) -> None:
    begun = time.monotonic()
    assert _error(_answer(port, *parts)) == (status, code)
    assert time.monotonic() - begun < 5


def test_a_head_that_trickles_in_is_not_waited_for(port: int) -> None:
    trickle = [part for sign in b"GET /health HTTP/1.1" for part in (bytes([sign]), 0.1)]
    begun = time.monotonic()
    assert _error(_answer(port, *trickle[:16])) == (408, "request_timeout")
    assert time.monotonic() - begun < 8


def test_requests_within_the_deadline_are_answered(port: int) -> None:
    body = b'{"input": "Hola."}'
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    answer = _answer(port, HEAD[:20], 0.2, HEAD[20:] + length, body[:5], 0.2, body[5:])
    assert answer.startswith(b"HTTP/1.1 200 OK")
