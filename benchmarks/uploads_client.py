"""A simulated speaker's browser: uploads takes like the studio's queue, with injected faults."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import socket
import time
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from uuid import uuid4

TOKEN = "b" * 32
FAULTS = ("none", "cut", "deaf", "damaged", "again", "twice", "other")
FIRST_DELAY_S, LONGEST_DELAY_S, TIMEOUT_S = 0.2, 3.0, 60.0  # in queue.js: 1, 30, 60
PATIENCE_S = 60.0


@dataclass
class Answer:
    """A response; status 0 if there was none."""

    status: int = 0
    body: bytes = b""
    waited_s: float = 0.0  # from the last byte sent to the last byte read
    location: str = ""

    def json(self) -> dict[str, Any]:
        try:
            said = json.loads(self.body)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}


@dataclass
class Take:
    """One recording being uploaded, and its outcome."""

    data: bytes
    sentence: str
    style: str
    fault: str = "none"
    uuid: str = field(default_factory=lambda: str(uuid4()))
    attempts: int = 0
    stored: int = 0  # the row's pk once confirmed
    waited_s: float = 0.0
    complaints: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Speaker:
    """A signed-in speaker who uploads one take after another."""

    def __init__(self, port: int, session: str, speaker: int) -> None:
        self.port, self.session, self.speaker = port, session, speaker

    def bring(self, take: Take) -> None:
        """Inject the take's fault, then send until it is confirmed, as queue.js does."""
        self._first(take)
        delay, until = FIRST_DELAY_S, time.monotonic() + PATIENCE_S
        while not take.stored:
            answer = self.send(take)
            if self._confirmed(take, answer):
                break
            if answer.status in (422, 500) or time.monotonic() > until:
                take.complaints.append(f"not stored: {answer.status} {answer.body[:200]!r}")
                return
            time.sleep(delay * random.uniform(0.75, 1.25))  # noqa: S311
            delay = min(LONGEST_DELAY_S, 2 * delay)
        self._afterwards(take)

    def _first(self, take: Take) -> None:
        if take.fault == "cut":
            self.send(take, share=random.uniform(0.02, 0.99))  # noqa: S311
        elif take.fault == "deaf":
            self.send(take, deaf=True)
        elif take.fault == "damaged":
            damaged = take.data[:-100] + bytes(100)
            answer = self.send(take, data=damaged)
            if answer.status not in (0, 409, 502, 503):
                take.complaints.append(f"damaged bytes were answered {answer.status}")
        elif take.fault == "twice":
            both = [Answer(), Answer()]
            threads = [Thread(target=self._into, args=(take, both, n)) for n in (0, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for answer in both:
                self._confirmed(take, answer)

    def _into(self, take: Take, answers: list[Answer], n: int) -> None:
        answers[n] = self.send(take)

    def _afterwards(self, take: Take) -> None:
        if take.fault == "again":
            self._until_answered(take, take.data, 200)
        elif take.fault == "other":
            other = take.data[:-2000] + take.data[-4000:-2000]
            said = self._until_answered(take, other, 422).get("refused", "")
            if len(said) < 20:
                take.complaints.append(f"other bytes under one id: {said!r}")

    def _until_answered(self, take: Take, data: bytes, status: int) -> dict[str, Any]:
        """Send once more, retrying through restarts; the response must have this status."""
        until = time.monotonic() + PATIENCE_S
        answer = self.send(take, data=data)
        while answer.status not in (200, 422) and time.monotonic() < until:
            time.sleep(FIRST_DELAY_S)
            answer = self.send(take, data=data)
        if answer.status != status:
            take.complaints.append(f"{status} expected, {answer.status} {answer.body[:200]!r}")
        if status == 200:
            self._confirmed(take, answer)
        return answer.json()

    def _confirmed(self, take: Take, answer: Answer) -> bool:
        said = answer.json()
        if answer.status != 200 or said.get("sha256") != take.sha256:
            return False
        if take.stored not in (0, said["id"]):
            take.complaints.append(f"stored twice: {take.stored} and {said['id']}")
        take.stored, take.waited_s = said["id"], answer.waited_s
        return True

    def send(
        self, take: Take, *, data: bytes | None = None, share: float = 1.0, deaf: bool = False
    ) -> Answer:
        """Post the take to the studio; send only `share` of the body, do not read if `deaf`."""
        take.attempts += 1
        fields = {
            "uuid": take.uuid, "speaker": str(self.speaker), "sentence": take.sentence,
            "style": take.style,
            "sha256": take.sha256 if take.fault == "damaged" or data is None
            else hashlib.sha256(data).hexdigest(),
        }  # fmt: skip
        return self.post("/studio/store/", fields, data or take.data, share=share, deaf=deaf)

    def post(
        self, path: str, fields: dict[str, str], data: bytes, *, name: str = "file",
        share: float = 1.0, deaf: bool = False,
    ) -> Answer:  # fmt: skip
        body = multipart(fields, name, data)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
            f"Cookie: sessionid={self.session}; csrftoken={TOKEN}\r\nX-CSRFToken: {TOKEN}\r\n"
            f"Content-Type: multipart/form-data; boundary={TOKEN}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            with socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S) as link:
                link.sendall(head.encode() + body[: int(share * len(body))])
                if share < 1 or deaf:
                    return Answer()
                return _read(link)
        except (OSError, http.client.HTTPException):
            return Answer()

    def get(self, path: str) -> Answer:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        started = time.perf_counter()
        link.request("GET", path, headers={"Cookie": f"sessionid={self.session}"})
        answer = link.getresponse()
        body = answer.read()
        link.close()
        waited_s = time.perf_counter() - started
        return Answer(answer.status, body, waited_s, answer.headers.get("Location", ""))


def multipart(fields: dict[str, str], name: str, data: bytes) -> bytes:
    parts = [
        f'--{TOKEN}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    file = f'--{TOKEN}\r\nContent-Disposition: form-data; name="{name}"; filename="x.wav"\r\n\r\n'
    return b"".join([*parts, file.encode(), data, f"\r\n--{TOKEN}--\r\n".encode()])


def _read(link: socket.socket) -> Answer:
    started = time.perf_counter()
    answer = http.client.HTTPResponse(link)
    answer.begin()
    body = answer.read()
    waited_s = time.perf_counter() - started
    return Answer(answer.status, body, waited_s, answer.headers.get("Location", ""))
