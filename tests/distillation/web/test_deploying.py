"""Deployment by a worker: executed once, sent again when lost, failures recorded."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from corpus.models import StyleLabel
from distillation import engines, manifest, tasks, voicepack
from distillation.models import Deployment, VoicePack
from distillation.services import deployments as deploying
from distillation.services import queue, recovery
from distillation.services.decisions import pack_decide
from distillation.services.deployments import packs_deploy, packs_deploy_later
from distillation.services.errors import RunError
from distillation.services.recovery import runs_recover
from distillation.services.run_files import field_path
from tests.distillation.factories import approve, finished_run
from tests.factories import PersonFactory, StyleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
LUZ, OTHER, THIRD = engines.student("praat").stock_voices()[:3]


@pytest.fixture(autouse=True)
def voices_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.VOICES_DIR = tmp_path / "voices"
    return settings.VOICES_DIR


@pytest.fixture
def pack() -> VoicePack:
    return approved(LUZ)


def approved(stock: str, style: str = "neutral") -> VoicePack:
    """Return an approved pack to which nothing was fitted."""
    row = finished_run(style).style_runs.get().packs.get()
    row.style_run.report["delivery"] = None
    row.style_run.save()
    row.file.name, path = field_path(row, "file")
    row.sha256 = voicepack.save(engines.student("praat").stock_voice(stock), path)
    row.save()
    approve(row)
    return row


def request(pack: VoicePack) -> Deployment:
    return packs_deploy_later(packs=[pack], person=pack.style_run.run.created_by)[0]


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


def carry_out(*deployments: Deployment) -> None:
    deploying.deployments_carry_out(deployment_ids=[row.pk for row in deployments])


def ended(row: Deployment) -> tuple[str, str]:
    """Return how a deployment ended: its state and its error code."""
    row.refresh_from_db()
    return row.state, row.error.partition(":")[0]


def served(place: Path) -> dict[str, str]:
    deployed = manifest.read(place)
    return {name: voice.sha256 for name, voice in deployed.voices.items()} if deployed else {}


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


def test_a_folder_that_cannot_be_written_ends_the_deployment(
    pack: VoicePack, voices_dir: Path
) -> None:
    voices_dir.write_text("no folder")
    deployment = request(pack)
    carry_out(deployment)
    assert ended(deployment) == ("failed", "storage")
    assert str(voices_dir) in deployment.error


def test_an_immediate_deployment_fails_like_one_by_a_worker(
    pack: VoicePack, voices_dir: Path
) -> None:
    voices_dir.write_text("no folder")
    with pytest.raises(RunError, match=str(voices_dir)):
        packs_deploy(packs=[pack], person=pack.style_run.run.created_by)
    assert ended(Deployment.objects.get()) == ("failed", "storage")


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


def seen(pack: VoicePack) -> dict[str, int]:
    """Return what a form of now says was seen of the pack's voice."""
    last = Deployment.objects.last_of(str(settings.VOICES_DIR))
    return {f"seen-{pack.style}": last.get(pack.style, 0)}


FIT = {
    "speed": 1.04,
    "gain_db": -1.3,
    "rate_error": {"without": 0.112, "with": -0.01},
    "level_error_db": {"without": 1.3, "with": 0.1},
}


def fitted(stock: str, style: str = "neutral") -> VoicePack:
    """Return an approved pack to which validation fitted a speed and gain."""
    pack = approved(stock, style)
    pack.style_run.report = {**pack.style_run.report, "delivery": FIT}
    pack.style_run.save()
    return pack


def deliveries(place: Path) -> dict[str, tuple[float, float]]:
    deployed = manifest.read(place)
    assert deployed
    return {name: (voice.speed, voice.gain_db) for name, voice in deployed.voices.items()}


def test_the_fitted_speed_and_gain_are_deployed_unless_switched_off(voices_dir: Path) -> None:
    packs = [fitted(LUZ), fitted(OTHER, "amable"), approved(THIRD, "formal")]
    person = packs[0].style_run.run.created_by
    packs_deploy(packs=packs, person=person, plain={packs[1].pk})
    plain = (1.0, 0.0)
    assert deliveries(voices_dir) == {"neutral": (1.04, -1.3), "amable": plain, "formal": plain}
    packs_deploy(packs=packs[:1], person=person, plain={packs[0].pk})
    assert deliveries(voices_dir)["neutral"] == plain
    assert [row.speed for row in Deployment.objects.filter(voice="neutral")] == [1.0, 1.04]


class TestPage:
    @pytest.fixture
    def admin(self) -> Client:
        StyleFactory(key="neutral")
        StyleFactory(key="amable")
        client = Client(headers={"accept-language": "en"})
        client.force_login(PersonFactory(roles=["admin"]))
        return client

    @pytest.mark.parametrize("value", ["abc", "9" * 30, "\x00", "-1", "²"])
    def test_an_invalid_pack_is_reported(self, admin: Client, value: str, pack: VoicePack) -> None:
        answer = admin.post(reverse("deploy"), {"pack": value}, follow=True)
        assert b"Choose at least one voice" in answer.content
        admin.post(reverse("deploy"), {"pack": [value, pack.pk]})
        assert Deployment.objects.get().pack == pack

    def test_the_fitted_speed_and_gain_are_shown_and_switched(
        self, admin: Client, voices_dir: Path
    ) -> None:
        pack = fitted(LUZ)
        words = "speed ×1.04, gain −1.3 dB"

        def page(name: str = "voices", *args: int) -> str:
            return " ".join(admin.get(reverse(name, args=args)).content.decode().split())

        def send(**fields: int) -> int:
            admin.post(reverse("deploy"), {"pack": pack.pk, **seen(pack), **fields})
            row = Deployment.objects.get(state=Deployment.State.REQUESTED)
            carry_out(row)
            return row.pk

        box = f'name="fitted" value="{pack.pk}"'
        assert f"{box} checked> apply what was fitted: {words}" in page()
        row = send(fitted=pack.pk)
        assert deliveries(voices_dir) == {"neutral": (1.04, -1.3)}
        assert f"<dd> {words} </dd>" in page()
        assert f"{box} checked>" in page()  # deployed again, it stays as it is
        detail = page("voice", row)
        assert "rate of the held-out sentences: 11.2 % off without, 1.0 % with" in detail
        assert "loudness of the held-out sentences: 1.3 dB off without, 0.1 dB with" in detail
        row = send()
        assert deliveries(voices_dir) == {"neutral": (1.0, 0.0)}
        assert "<dd> as its pack speaks </dd>" in page()
        assert f"{box}>" in page()
        assert f"fitted but not applied: {words}" in page("voice", row)

    def test_without_a_fitted_delivery_no_option_is_offered(
        self, admin: Client, pack: VoicePack
    ) -> None:
        assert b"not fitted" in admin.get(reverse("voices")).content
        packs_deploy(packs=[pack], person=PersonFactory())
        page = admin.get(reverse("voices")).content
        assert b'name="fitted"' not in page
        assert b"as its pack speaks" in page

    def test_all_voices_of_an_earlier_folder_are_deployed_unchanged(
        self, admin: Client, settings: Settings, tmp_path: Path
    ) -> None:
        packs = [fitted(LUZ), fitted(OTHER, "amable")]
        packs_deploy(packs=packs, person=PersonFactory(), plain={packs[1].pk})
        settings.VOICES_DIR = tmp_path / "another"
        form = admin.get(reverse("voices")).content.decode().split("Deploy all of them again")[0]
        hidden = re.findall(r'type="hidden"\s+name="(pack|fitted)"\s+value="(\d+)"', form)
        sent: dict[str, list[str]] = {"pack": [], "fitted": []}
        for name, value in hidden:
            sent[name].append(value)
        admin.post(reverse("deploy"), sent)
        carry_out(*Deployment.objects.filter(state=Deployment.State.REQUESTED))
        expected = {"neutral": (1.04, -1.3), "amable": (1.0, 0.0)}
        assert deliveries(tmp_path / "another") == expected

    def test_a_failed_deployment_is_shown_until_the_voice_is_deployed(self, admin: Client) -> None:
        first, second = approved(LUZ), approved(OTHER, "amable")
        for row in (request(first), request(second)):
            deploying.deployments_fail(
                deployment_ids=[row.pk], code="storage", message=f"disk {row}"
            )
        carry_out(request(second))
        page = admin.get(reverse("voices")).content.decode()
        assert f"disk neutral ← {first}" in page
        assert "disk amable" not in page

    def test_the_page_says_when_no_worker_answers(self, admin: Client, pack: VoicePack) -> None:
        page, hint = reverse("voices"), b"celery -A voicelab worker"
        assert hint not in admin.get(page).content
        request(pack)
        assert hint in admin.get(page).content
        recovery.worker_beat(name="w@here")
        assert hint not in admin.get(page).content

    def test_an_older_voice_than_the_deployed_one_is_not_preselected(self, admin: Client) -> None:
        approved(LUZ)
        packs_deploy(packs=[approved(OTHER)], person=PersonFactory())
        page = admin.get(reverse("voices")).content.decode()
        assert 'type="checkbox"' in page
        assert " checked" not in page
        approved(THIRD)
        assert admin.get(reverse("voices")).content.decode().count(" checked") == 1

    def test_a_voice_of_an_earlier_folder_is_shown_until_it_is_deployed_here(
        self, admin: Client, pack: VoicePack, settings: Settings, tmp_path: Path
    ) -> None:
        packs_deploy(packs=[pack], person=PersonFactory())
        earlier, settings.VOICES_DIR = settings.VOICES_DIR, tmp_path / "another"
        page = admin.get(reverse("voices")).content.decode()
        assert f"than the one in use now ({earlier}): neutral." in page
        admin.post(reverse("deploy"), {"pack": pack.pk})
        carry_out(Deployment.objects.get(state=Deployment.State.REQUESTED))
        page = admin.get(reverse("voices")).content.decode()
        assert str(earlier) not in page
        assert page.count("<article") == 1
        assert served(tmp_path / "another") == {"neutral": pack.sha256}

    def test_a_voice_survives_a_renamed_style(self, admin: Client, pack: VoicePack) -> None:
        packs_deploy(packs=[pack], person=PersonFactory())
        StyleLabel.objects.filter(key="neutral").delete()
        run = pack.style_run.run_id
        pages = [reverse("voices"), reverse("voice", args=[Deployment.objects.get().pk])]
        pages += [reverse(name, args=[run]) for name in ("run", "report", "review")]
        for page in pages:
            answer = admin.get(page)
            assert answer.status_code == 200
            assert b"neutral" in answer.content

    def test_a_replaced_voice_is_deployed_again(
        self, admin: Client, pack: VoicePack, voices_dir: Path
    ) -> None:
        packs_deploy(packs=[pack], person=PersonFactory())
        packs_deploy(packs=[approved(OTHER)], person=PersonFactory())
        button = f'name="pack" value="{pack.pk}"'
        assert button in admin.get(reverse("voices")).content.decode()
        admin.post(reverse("deploy"), {"pack": pack.pk, **seen(pack)})
        carry_out(Deployment.objects.get(state=Deployment.State.REQUESTED))
        assert served(voices_dir) == {"neutral": pack.sha256}
        admin.force_login(PersonFactory(roles=["labeler"]))
        assert button not in admin.get(reverse("voices")).content.decode()


def test_time_limits_in_the_wrong_order_stop_the_worker(settings: Settings) -> None:
    assert tasks.limits_check() == []
    settings.LEASE_SECONDS = settings.SLICE_HARD_SECONDS
    assert [error.id for error in tasks.limits_check()] == ["distillation.E001"]
    with pytest.raises(ImproperlyConfigured, match="LEASE_SECONDS"):
        tasks.limits_refuse()
