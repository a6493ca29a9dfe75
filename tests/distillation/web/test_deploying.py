"""Deployment by a worker: carried out once, sent again when lost, noted when it cannot be done."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pytest_django.fixtures import Settings

from distillation import checks, engines, manifest, voicepack
from distillation.models import Deployment, VoicePack
from distillation.services import pack_decide, packs_deploy_later, runs_recover, voices
from distillation.services.tools import field_path
from tests.distillation.factories import finished_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def pack(settings: Settings, tmp_path: Path) -> VoicePack:
    settings.VOICES_DIR = tmp_path / "voices"
    row = finished_run("neutral").style_runs.get().packs.get()
    row.file.name, path = field_path(row, "file")
    row.sha256 = voicepack.save(engines.student("praat").stock_voice("pf_luz"), path)
    row.save()
    person = row.style_run.run.created_by
    pack_decide(pack=row, person=person, verdict="approve", reason="Bien.")
    return row


def request(pack: VoicePack) -> Deployment:
    return packs_deploy_later(packs=[pack], person=pack.style_run.run.created_by)[0]


def test_a_worker_carries_it_out_once(pack: VoicePack, settings: Settings) -> None:
    deployment = request(pack)
    assert not Deployment.objects.current().exists()
    for _ in range(2):
        voices.deployments_carry_out(deployment_ids=[deployment.pk])
    assert Deployment.objects.current().get() == deployment
    deployed = manifest.read(settings.VOICES_DIR)
    assert deployed
    assert deployed.default == "neutral"
    assert deployed.voices["neutral"].sha256 == pack.sha256
    assert deployed.voices["neutral"].about["run"] == pack.style_run.run_id


def test_a_file_that_changed_is_not_deployed(pack: VoicePack, settings: Settings) -> None:
    deployment = request(pack)
    Path(pack.file.path).write_bytes(b"another")
    voices.deployments_carry_out(deployment_ids=[deployment.pk])
    deployment.refresh_from_db()
    assert deployment.state == Deployment.State.FAILED
    assert str(pack.file.name) in deployment.error
    assert not Path(settings.VOICES_DIR).exists()


def test_a_lost_request_is_sent_again(
    pack: VoicePack, django_capture_on_commit_callbacks: Callable
) -> None:
    request(pack)
    with django_capture_on_commit_callbacks() as sent:
        runs_recover()
    assert sent == []
    Deployment.objects.update(queued_at=timezone.now() - timedelta(hours=1))
    with django_capture_on_commit_callbacks() as sent:
        runs_recover()
        runs_recover()
    assert len(sent) == 1


def test_limits_that_are_out_of_order_stop_the_worker(settings: Settings) -> None:
    assert checks.limits_check() == []
    settings.LEASE_SECONDS = settings.SLICE_HARD_SECONDS
    assert [error.id for error in checks.limits_check()] == ["distillation.E001"]
    with pytest.raises(ImproperlyConfigured, match="LEASE_SECONDS"):
        checks.limits_refuse()
