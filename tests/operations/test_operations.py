"""Health, readiness, metrics, the operations page, and work that no worker takes."""

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from distillation.models import (
    Deployment,
    Heartbeat,
    Run,
    RunState,
    StyleRun,
    VoicePack,
    WorkerBeat,
)
from tests.distillation.factories import finished_run
from tests.factories import PersonFactory
from voicelab.operations import observation, probes

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(PersonFactory(roles=["admin"]))
    return client


@pytest.fixture
def waiting_run() -> Run:
    run = finished_run("neutral")
    StyleRun.objects.filter(run=run).update(state=RunState.QUEUED, lease="")
    return run


def beat(seconds_ago: float, queues: str = "voicelab") -> None:
    seen_at = timezone.now() - timedelta(seconds=seconds_ago)
    WorkerBeat.objects.update_or_create(
        name="one@box", defaults={"seen_at": seen_at, "queues": queues}
    )


def test_probes_answer_for_any_host_without_a_session() -> None:
    client = Client(headers={"host": "10.0.0.9:8000"})
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert set(ready.json()["parts"].values()) == {"ok"}
    assert client.post("/healthz").status_code == 405


def test_without_a_database_it_is_not_ready_without_a_broker_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away() -> bool:
        raise OSError("no route to host db.internal")

    monkeypatch.setattr(probes, "_broker", away)
    body, status = probes.readiness()
    assert (status, body["parts"]["broker"]) == (200, "failed")
    monkeypatch.setattr(probes, "_database", away)
    body, status = probes.readiness()
    assert (status, body["ready"], body["parts"]["database"]) == (503, False, "failed")
    assert "db.internal" not in json.dumps(body)


def test_the_metrics_are_for_the_key_and_for_admins(admin: Client) -> None:
    stranger = Client()
    admin.get(reverse("runs"))
    told = admin.get(reverse("metrics")).content.decode()
    assert 'voicelab_web_requests_total{route="runs",status="200"}' in told
    assert 'voicelab_queue_workers{queue="teacher"} 0.0' in told
    assert stranger.get(reverse("metrics")).status_code == 302
    with override_settings(METRICS_KEY="k1"):
        for key, status in (("k1", 200), ("k2", 401), ("é", 401)):
            given = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
            assert stranger.get(reverse("metrics"), **given).status_code == status


def test_work_without_a_worker_shows_on_home_and_goes_within_seconds(
    admin: Client, waiting_run: Run
) -> None:
    sign = "no worker takes it"
    beat(16)
    assert sign in admin.get(reverse("home")).content.decode()
    page = admin.get(reverse("unattended")).content.decode()
    assert sign in page
    assert "celery -A voicelab worker" in page
    assert 'hx-trigger="every 5s"' in page
    beat(1)
    assert sign not in admin.get(reverse("unattended")).content.decode()
    run = waiting_run.recipe | {"teacher": "f5"}
    Run.objects.update(recipe=run)
    StyleRun.objects.update(stage="reference")
    page = admin.get(reverse("unattended")).content.decode()
    assert "make teacher-worker" in page
    labeler = Client(headers={"accept-language": "en"})
    labeler.force_login(PersonFactory(roles=["labeler"]))
    assert "Tell your administrator" in labeler.get(reverse("home")).content.decode()
    beat(1, "teacher voicelab")
    assert sign not in admin.get(reverse("unattended")).content.decode()


def test_messages_are_counted_by_queue_with_the_age_of_the_oldest(
    tmp_path: Path,
) -> None:
    (tmp_path / "queue").mkdir()
    for n, (queue, age_s) in enumerate([("voicelab", 90), ("voicelab", 5), ("teacher", 7)]):
        path = tmp_path / "queue" / f"{n:020}_x.{queue}.msg"
        path.write_text("{}")
        os.utime(path, (time.time() - age_s,) * 2)
    beat(1)
    with override_settings(BROKER_DIR=tmp_path):
        ours, teachers = observation.queues()
    assert (ours.messages, round(ours.oldest_s), ours.is_slow) == (2, 90, True)
    assert (teachers.messages, teachers.lacks_worker) == (1, True)


def test_the_age_of_a_message_in_redis_is_by_its_head() -> None:
    message = {"headers": {"voicelab_sent_at": time.time() - 12}}
    assert observation.sent_age_s(json.dumps(message).encode()) == pytest.approx(12, abs=2)
    assert observation.sent_age_s(b'{"headers": {}}') is None


def test_a_broker_that_does_not_answer_is_told_with_what_to_do(admin: Client) -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        observation.broker_client.cache_clear()
        page = admin.get(reverse("operations")).content.decode()
        ready = admin.get(reverse("readyz")).json()
    observation.broker_client.cache_clear()
    assert "The broker does not answer" in page
    assert ready["parts"]["broker"] == "failed"


def test_the_page_shows_workers_slices_disks_and_failures_with_what_to_do(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished_run("neutral", "amable")
    beat(2)
    first, second = run.style_runs.order_by("pk")
    StyleRun.objects.filter(pk=first.pk).update(
        state=RunState.FAILED, error_code="slice_lost", error="lost three times"
    )
    Heartbeat.objects.create(style_run=second, lease="x", owner="box:1/77")
    caches["counts"].clear()
    monkeypatch.setattr(observation, "LOW_DISK_SHARE", 1.1)
    page = admin.get(reverse("operations")).content.decode()
    for said in (
        "one@box",
        "box:1/77",
        "lost three times",
        "The worker died several times at the same place",
        str(settings.DATA_DIR),
        "Make room",
        reverse("run", args=[run.pk]),
    ):
        assert said in page, said
    assert "No worker is at a slice." not in page
    assert not Deployment.objects.exists()


def test_a_voice_that_failed_its_test_and_stays_is_a_failure() -> None:
    run = finished_run("neutral")
    pack: Any = VoicePack.objects.filter(style="neutral").first()
    row = Deployment.objects.create(
        pack=pack, voice="neutral", place="/x", sha256=pack.sha256, person=run.created_by,
        state="deployed", test={"state": "passed", "why": ""},
    )  # fmt: skip
    assert observation.failures() == []
    row.test = {"state": "failed", "why": "no_sound", "stays": "no version before"}
    row.save()
    [failure] = observation.failures()
    assert (failure.code, failure.cause) == ("no_sound", "no version before")
    assert "roll it back" in failure.remedy


def test_an_empty_installation_has_an_operations_page(admin: Client) -> None:
    page = admin.get(reverse("operations")).content.decode()
    assert "No worker in the last day" in page
    assert "Nothing failed that was not mended." in page


def test_the_number_of_queries_does_not_grow(
    admin: Client, waiting_run: Run, django_assert_max_num_queries: Any
) -> None:
    admin.get(reverse("operations"))
    with django_assert_max_num_queries(26):
        admin.get(reverse("operations"))
    with django_assert_max_num_queries(8):
        admin.get(reverse("unattended"))
