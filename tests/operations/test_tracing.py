"""Logs with request and run ids, without tracebacks of user faults; reports of program faults."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery import current_app
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from tests.factories import PersonFactory
from voicelab import celery as application
from voicelab.tracing import (
    JsonFormatter,
    TraceFilter,
    current_trace,
    errors_report,
    logging_of,
    tracing,
)


@pytest.fixture
def written() -> Iterator[Any]:
    """Lines of the JSON log, as they are written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(TraceFilter())
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.django_db
def test_a_request_id_is_accepted_answered_and_in_every_line(written: Any) -> None:
    client = Client(headers={"X-Request-ID": "front-7"})
    client.force_login(PersonFactory(roles=["labeler"]))
    assert client.get(reverse("people"))["X-Request-ID"] == "front-7"
    lines = [line for line in written() if line["logger"].startswith(("django", "voicelab"))]
    assert {line["request_id"] for line in lines} == {"front-7"}
    assert lines[-1]["route"] == "people"
    assert (lines[-1]["status"], lines[-1]["method"]) == (403, "GET")
    assert not any("exception" in line for line in lines)


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "id\u00e9", "<script>"])
def test_an_odd_request_id_is_replaced(given: str) -> None:
    answered = Client(headers={"X-Request-ID": given}).get(reverse("login"))["X-Request-ID"]
    assert len(answered) == 32
    assert answered.isalnum()


@pytest.mark.django_db
def test_a_program_fault_keeps_its_traceback(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicelab.operations.probes.health", lambda: 1 / 0)
    monkeypatch.setattr("voicelab.operations.middleware.PROBES", {})
    answer = Client(raise_request_exception=False).get(reverse("healthz"))
    assert answer.status_code == 500
    [fault] = [line for line in written() if "exception" in line]
    assert "ZeroDivisionError" in fault["exception"]
    assert fault["request_id"] == answer["X-Request-ID"]


@pytest.mark.parametrize(
    ("error", "status", "kept"),
    [(PermissionDenied(), 403, False), (ConnectionError(), 500, False), (KeyError(), 500, True)],
)
def test_only_faults_of_the_program_are_tracebacks(
    error: Exception, status: int, kept: bool
) -> None:
    try:
        raise error
    except Exception:
        given = {"exc_info": sys.exc_info(), "status_code": status}
    record = logging.makeLogRecord({"name": "django.request", **given})
    assert TraceFilter().filter(record)
    assert bool(record.exc_info) is kept


def test_plain_lines_name_request_and_run() -> None:
    form = logging_of("plain", "INFO", {})["formatters"]["plain"]
    with tracing(request_id="r1", run_id=4):
        record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "done"})
        TraceFilter().filter(record)
    line = logging.Formatter(form["format"], style=form["style"]).format(record)
    assert line.endswith("INFO x request_id=r1 run_id=4 done")
    with pytest.raises(ValueError, match="LOG_FORMAT: plain or json"):
        logging_of("xml", "INFO", {})


def test_a_message_carries_request_and_run_to_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "kombu.transport.virtual.base.Channel.basic_publish",
        lambda _self, message, *_args, **_more: sent.append(message["headers"]),
    )
    with tracing(request_id="r1"):
        current_app.send_task("some.task", headers={"voicelab_run_id": 9})
    [headers] = sent
    task = SimpleNamespace(request=headers)
    application._take_trace(task_id="t1", task=task)
    assert (current_trace().request_id, current_trace().run_id) == ("r1", 9)
    application._leave_trace(task_id="t1")
    assert current_trace().to_json() == {}
    assert headers["voicelab_sent_at"] > 1e9


def test_without_sentry_sdk_the_log_says_that_nothing_is_reported(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    logger = logging.getLogger("voicelab")
    assert not errors_report("", logger)
    assert caplog.text == ""
    assert not errors_report("http://key@127.0.0.1/1", logger)
    assert "sentry-sdk is not installed, so no error is reported" in caplog.text
