"""When the web server gives a slow request up, and whose word it takes for where one comes from."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.patches.fair_worker import GRACE_S, SLOWEST, Connection
from voicelab.wsgi import TrueAddress


def test_a_request_slower_than_the_slowest_is_given_up() -> None:
    class Request:
        header_bytes_received, body_bytes_received = 500, 10 * SLOWEST

    connection: Any = object.__new__(Connection)
    connection.begun, connection.request = 1000.0, Request()
    allowed = GRACE_S + 10 + 500 / SLOWEST
    assert not connection.is_late(1000.0 + allowed - 1)
    assert connection.is_late(1000.0 + allowed + 1)
    connection.request = None  # none is on its way
    assert not connection.is_late(9999.0)


@pytest.mark.parametrize(
    ("sender", "forwarded", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("10.0.0.2", "nonsense", "10.0.0.2"),
        ("10.0.0.2", "", "10.0.0.2"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(
    sender: str, forwarded: str, client: str
) -> None:
    seen: dict[str, Any] = {}
    application = TrueAddress(lambda environ, _start: seen.update(environ) or [], ["10.0.0.0/8"])
    given = {"HTTP_X_FORWARDED_FOR": forwarded, "HTTP_X_FORWARDED_PROTO": "https"}
    application({"REMOTE_ADDR": sender, **given}, None)
    assert seen["REMOTE_ADDR"] == client
    assert ("HTTP_X_FORWARDED_PROTO" in seen) == sender.startswith("10.")
