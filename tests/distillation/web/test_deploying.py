"""Deployment by a worker: executed once, sent again when lost, failures recorded."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from distillation import manifest, tasks
from distillation.models import Deployment, VoicePack
from distillation.services import deployments as deploying
from distillation.services import queue
from distillation.services.decisions import pack_decide
from distillation.services.deployments import packs_deploy
from distillation.services.errors import RunError
from distillation.services.recovery import runs_recover
from tests.distillation.web.deploying import (
    LUZ,
    OTHER,
    THIRD,
    approved,
    carry_out,
    deliveries,
    ended,
    fitted,
    request,
    served,
)
from tests.factories import PersonFactory
from tests.processes import full_disk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media", "voices_dir")]


def test_a_deployment_request_is_executed_once(pack: VoicePack, settings: Settings) -> None:
    deployment = request(pack)
    assert not Deployment.objects.current().exists()
    for _ in range(2):
        deploying.deployments_carry_out(deployment_ids=[deployment.pk])
    assert Deployment.objects.current().get() == deployment
    deployed = manifest.read(settings.VOICES_DIR)
    assert deployed
    assert deployed.default == "neutral"
    assert deployed.voices["neutral"].sha256 == pack.sha256
    assert deployed.voices["neutral"].about["run"] == pack.style_run.run_id


def test_a_file_that_changed_is_not_deployed(pack: VoicePack, settings: Settings) -> None:
    deployment = request(pack)
    Path(pack.file.path).write_bytes(b"another")
    deploying.deployments_carry_out(deployment_ids=[deployment.pk])
    deployment.refresh_from_db()
    assert deployment.state == Deployment.State.FAILED
    assert str(pack.file.name) in deployment.error
    assert manifest.read(settings.VOICES_DIR) is None


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


def test_a_damaged_manifest_ends_the_deployment(pack: VoicePack, voices_dir: Path) -> None:
    voices_dir.mkdir()
    (voices_dir / "manifest.json").write_text("{bad")
    deployment = request(pack)
    assert queue.work_waits()
    carry_out(deployment)
    assert ended(deployment) == ("failed", "manifest")
    assert "manifest.json" in deployment.error
    assert not queue.work_waits()


def test_only_an_evolved_and_validated_voice_is_reviewed(pack: VoicePack) -> None:
    person, asked = PersonFactory(), {"verdict": "approve", "reason": "Bien."}
    for row, changes, code in (
        (pack.style_run, {"state": "running"}, "not_validated"),
        (pack, {"kind": VoicePack.Kind.START}, "not_evolved"),
    ):
        for name, value in changes.items():
            setattr(row, name, value)
        with pytest.raises(RunError) as caught:
            pack_decide(pack=pack, person=person, **asked)
        assert caught.value.code == code
    assert pack.decisions.count() == 1


def test_a_deployment_waits_for_its_storage_and_then_goes_on(
    pack: VoicePack, voices_dir: Path
) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(PersonFactory(roles=["reviewer"]))
    deployment = request(pack)
    with full_disk(10_000):
        for _ in range(2 * deploying.MAX_BEGUN):
            carry_out(deployment)
    assert ended(deployment) == ("requested", "storage_full")
    assert served(voices_dir) == {}
    page = client.get(reverse("voices")).content.decode()
    assert "goes on by itself" in page
    assert "storage is full" in page
    assert not queue.work_waits()  # helpers go on meanwhile
    shutil.rmtree(voices_dir)
    voices_dir.write_text("no folder")
    carry_out(deployment)
    assert ended(deployment) == ("requested", "storage_gone")
    assert str(voices_dir) in deployment.error
    voices_dir.unlink()
    carry_out(deployment)
    assert ended(deployment) == ("deployed", "")


def test_an_immediate_deployment_fails_like_one_by_a_worker(
    pack: VoicePack, voices_dir: Path
) -> None:
    voices_dir.mkdir()
    (voices_dir / "manifest.json").write_text("{bad")
    with pytest.raises(RunError, match=r"manifest\.json"):
        packs_deploy(packs=[pack], person=pack.style_run.run.created_by)
    assert ended(Deployment.objects.get()) == ("failed", "manifest")


def test_a_pack_without_its_file_is_not_sent(pack: VoicePack) -> None:
    Path(pack.file.path).unlink()
    for name in (pack.file.name, ""):
        VoicePack.objects.update(file=name)
        with pytest.raises(RunError) as caught:
            request(pack)
        assert caught.value.code == "pack_changed"
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(
    ("fault", "code"), [(RuntimeError("odd"), "internal"), (SoftTimeLimitExceeded(), "storage")]
)
def test_an_unexpected_error_ends_the_deployment(
    fault: Exception, code: str, pack: VoicePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**_: object) -> None:
        raise fault

    deployment = request(pack)
    monkeypatch.setattr(deploying, "deployments_carry_out", breaks)
    tasks.packs_deploy.apply(args=[[deployment.pk]])
    assert ended(deployment) == ("failed", code)


def test_a_late_request_does_not_replace_a_newer_one(voices_dir: Path) -> None:
    lost, newer = request(approved(LUZ)), request(approved(OTHER))
    other_style = request(approved(THIRD, "amable"))
    carry_out(newer)
    carry_out(lost, other_style)
    assert served(voices_dir) == {"neutral": newer.sha256, "amable": other_style.sha256}
    assert ended(lost) == ("failed", "superseded")
    assert set(Deployment.objects.current()) == {newer, other_style}


def test_a_message_for_an_ended_deployment_changes_nothing(
    pack: VoicePack, voices_dir: Path
) -> None:
    deployment = request(pack)
    deploying.deployments_fail(deployment_ids=[deployment.pk], code="internal", message="")
    carry_out(deployment)
    assert not voices_dir.exists()


def test_a_failed_newer_deployment_does_not_block_an_older_one(voices_dir: Path) -> None:
    lost, newer = request(approved(LUZ)), request(approved(OTHER))
    deploying.deployments_fail(deployment_ids=[newer.pk], code="internal", message="")
    carry_out(lost)
    assert served(voices_dir) == {"neutral": lost.sha256}


def test_changes_made_while_a_deployment_waits_for_the_lock_are_respected(
    pack: VoicePack, voices_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, newer = deploying.folder_lock, approved(OTHER)

    @contextmanager
    def late_lock(place: Path) -> Iterator[None]:
        monkeypatch.setattr(deploying, "folder_lock", waits)
        carry_out(request(newer))
        with waits(place):
            yield

    deployment = request(pack)
    monkeypatch.setattr(deploying, "folder_lock", late_lock)
    carry_out(deployment)
    assert served(voices_dir) == {"neutral": newer.sha256}
    assert ended(deployment) == ("failed", "superseded")


def test_lost_requests_are_sent_one_by_one_oldest_first(
    voices_dir: Path, django_capture_on_commit_callbacks: Callable
) -> None:
    rows = [request(approved(LUZ)), request(approved(OTHER)), request(approved(THIRD, "amable"))]
    Deployment.objects.update(queued_at=timezone.now() - timedelta(hours=1))
    Deployment.objects.filter(pk=rows[2].pk).update(
        queued_at=None, created_at=timezone.now() - timedelta(hours=1)
    )
    with django_capture_on_commit_callbacks() as sent:
        runs_recover()
    messages = [callback.keywords["args"] for callback in sent]
    assert messages == [[[row.pk]] for row in rows]
    for [deployment_ids] in messages:
        deploying.deployments_carry_out(deployment_ids=deployment_ids)
    assert [ended(row)[0] for row in rows] == ["failed", "deployed", "deployed"]
    assert served(voices_dir) == {"neutral": rows[1].sha256, "amable": rows[2].sha256}


def test_a_deployment_started_too_often_fails(
    pack: VoicePack, voices_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException): ...

    def killed(*_args: object, **_kwargs: object) -> None:
        raise Killed

    deployment = request(pack)
    with monkeypatch.context() as patch:
        patch.setattr(deploying, "deploy_locked", killed)
        for _ in range(deploying.MAX_BEGUN):
            with pytest.raises(Killed):
                carry_out(deployment)
        carry_out(deployment)
    assert ended(deployment) == (Deployment.State.FAILED, "deploy_lost")
    assert str(deploying.MAX_BEGUN) in deployment.error
    again = request(pack)
    carry_out(again)
    assert ended(again) == (Deployment.State.DEPLOYED, "")


def test_one_deployment_replaces_all_that_are_current() -> None:
    rows = [request(approved(stock)) for stock in (LUZ, OTHER, THIRD)]
    Deployment.objects.exclude(pk=rows[2].pk).update(state=Deployment.State.DEPLOYED)
    carry_out(rows[2])
    assert Deployment.objects.current().get() == rows[2]
    assert set(rows[2].replaces.all()) == set(rows[:2])


def test_the_fitted_speed_and_gain_are_deployed_unless_switched_off(voices_dir: Path) -> None:
    packs = [fitted(LUZ), fitted(OTHER, "amable"), approved(THIRD, "formal")]
    person = packs[0].style_run.run.created_by
    packs_deploy(packs=packs, person=person, plain={packs[1].pk})
    plain = (1.0, 0.0)
    assert deliveries(voices_dir) == {"neutral": (1.04, -1.3), "amable": plain, "formal": plain}
    packs_deploy(packs=packs[:1], person=person, plain={packs[0].pk})
    assert deliveries(voices_dir)["neutral"] == plain
    assert [row.speed for row in Deployment.objects.filter(voice="neutral")] == [1.0, 1.04]


def test_time_limits_in_the_wrong_order_stop_the_worker(settings: Settings) -> None:
    assert tasks.limits_check() == []
    settings.SLICE_SOFT_SECONDS = settings.SLICE_HARD_SECONDS
    assert [error.id for error in tasks.limits_check()] == ["distillation.E001"]
    with pytest.raises(ImproperlyConfigured, match="SLICE_SOFT_SECONDS"):
        tasks.limits_refuse()
