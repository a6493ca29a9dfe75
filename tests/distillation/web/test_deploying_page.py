"""The page of voices while they are deployed: choices, failures, what waits."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from corpus.models import StyleLabel
from distillation.models import Deployment, VoicePack
from distillation.services import deployments as deploying
from distillation.services import recovery
from distillation.services.deployments import packs_deploy
from tests.distillation.web.deploying import (
    LUZ,
    OTHER,
    THIRD,
    approved,
    carry_out,
    deliveries,
    fitted,
    request,
    seen,
    served,
)
from tests.factories import PersonFactory, StyleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media", "voices_dir")]


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
