"""Fifty slow clients hold no thread of the web server: a person's pages come at once."""

from __future__ import annotations

import re
import socket
import time
from contextlib import ExitStack

import httpx
import pytest

from tests.browser.conftest import Site
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.browser
SLOW = 50  # connections: half send a head, half a body, a byte at a time
HEAD = b"GET /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BODY = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nusername="


def test_a_signed_in_persons_pages_come_at_once_beside_fifty_slow_clients(site: Site) -> None:
    worker = "voicelab.patches.fair_worker.FairWorker"
    assert worker in (REPOSITORY / "Procfile").read_text()
    assert worker in (REPOSITORY / "compose.yaml").read_text()
    port = int(site.url.rpartition(":")[2])
    with httpx.Client(base_url=site.url, timeout=20) as client, ExitStack() as stack:
        _sign_in(client, site)
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(SLOW)
        ]
        for number, one in enumerate(slow):
            one.sendall(BODY if number % 2 else HEAD)
        seconds = []
        for page in ("/", "/label/", "/runs/"):
            for one in slow:
                one.sendall(b"x")
            begun = time.monotonic()
            assert client.get(page).status_code == 200
            seconds.append(time.monotonic() - begun)
    assert max(seconds) < 10, seconds  # threads that wait for slow clients wait for their end


def _sign_in(client: httpx.Client, site: Site) -> None:
    form = client.get("/login/").text
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert found
    data = {
        "csrfmiddlewaretoken": found[1],
        "username": "admin",
        "password": site.passwords["admin"],
    }
    assert client.post("/login/", data=data).status_code == 302
