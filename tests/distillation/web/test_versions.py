"""Versions of a voice: numbered, rolled back, retired; the second of two admins is told."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from distillation import manifest
from distillation.models import Deployment, VoicePack
from distillation.services import deployments as deploying
from distillation.services.deployments import packs_deploy, packs_deploy_later
from distillation.services.errors import RunError
from distillation.services.versions import version_return, voice_retire, voice_roll_back
from tests.distillation.factories import approve
from tests.distillation.web.test_deploying import LUZ, OTHER, THIRD, approved, ended, fitted
from tests.factories import PersonFactory, StyleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture(autouse=True)
def voices_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.VOICES_DIR = tmp_path / "voices"
    return settings.VOICES_DIR


def deployed(*packs: VoicePack, **options: Any) -> Deployment:
    person = User.objects.filter(username="ana").first() or PersonFactory(username="ana")
    return packs_deploy(packs=packs, person=person, **options)[0]


def carried_out(row: Deployment) -> Deployment:
    deploying.deployments_carry_out(deployment_ids=[row.pk])
    row.refresh_from_db()
    assert row.state == Deployment.State.DEPLOYED, row.error
    return row


def served(place: Path) -> dict[str, str]:
    found = manifest.read(place)
    return {name: voice.sha256 for name, voice in found.voices.items()} if found else {}


def code_of(call: Any, **given: Any) -> str:
    with pytest.raises(RunError) as caught:
        call(**given)
    return caught.value.code


@pytest.fixture
def two() -> list[Deployment]:
    """Two versions of a voice, the second in service."""
    person = PersonFactory(username="ana")
    return [
        packs_deploy(packs=[pack], person=person)[0] for pack in (approved(LUZ), approved(OTHER))
    ]


def test_a_version_is_what_is_spoken_with_in_order_of_deployment(voices_dir: Path) -> None:
    first, second = approved(LUZ), fitted(OTHER)
    person = PersonFactory()
    numbers = [
        packs_deploy(packs=[pack], person=person, plain=plain)[0].version
        for pack, plain in ((first, ()), (second, ()), (second, {second.pk}), (first, ()))
    ]
    assert numbers == [1, 2, 3, 1]
    assert manifest.read(voices_dir).voices["neutral"].about["version"] == 1


def test_a_voice_goes_back_to_the_version_before(two: list[Deployment], voices_dir: Path) -> None:
    first, second = two
    row = carried_out(voice_roll_back(deployment=second, person=second.person))
    assert (row.action, row.version, served(voices_dir)) == (
        "roll-back",
        1,
        {"neutral": first.sha256},
    )
    assert code_of(voice_roll_back, deployment=row, person=row.person) == "no_former"
    assert code_of(voice_roll_back, deployment=second, person=row.person) == "conflict"


def test_it_does_not_go_back_to_a_damaged_or_rejected_one(two: list[Deployment]) -> None:
    first, second = two
    approve(first.pack, verdict="reject")
    assert code_of(voice_roll_back, deployment=second, person=second.person) == "rejected"
    approve(first.pack)
    Path(first.pack.file.path).write_bytes(b"another")
    assert code_of(voice_roll_back, deployment=second, person=second.person) == "pack_changed"


def test_a_retired_voice_is_gone_until_it_is_deployed_again(
    two: list[Deployment], voices_dir: Path
) -> None:
    other = deployed(approved(THIRD, "amable"))
    row = carried_out(voice_retire(deployment=two[1], person=other.person))
    assert served(voices_dir) == {"amable": other.sha256}
    assert {path.suffix for path in voices_dir.glob("neutral.*")} == set()
    assert manifest.read(voices_dir).default == "amable"
    assert set(Deployment.objects.current()) == {other}
    assert code_of(voice_retire, deployment=two[1], person=row.person) == "conflict"
    again = deployed(two[1].pack, seen={"neutral": row.pk})
    assert (again.version, set(served(voices_dir))) == (2, {"amable", "neutral"})


def test_the_last_voice_can_be_retired(voices_dir: Path) -> None:
    row = deployed(approved(LUZ))
    carried_out(voice_retire(deployment=row, person=row.person))
    assert manifest.read(voices_dir) is None
    assert (voices_dir / "tts.env").read_text() == "TTS_BACKEND=praat\n"
    deployed(row.pack)
    assert served(voices_dir) == {"neutral": row.sha256}


def test_of_two_admins_the_second_is_told(two: list[Deployment], voices_dir: Path) -> None:
    seen = {"neutral": two[1].pk}
    third, fourth = approved(THIRD), approved(LUZ)
    packs_deploy_later(packs=[third], person=PersonFactory(username="berta"), seen=seen)
    with pytest.raises(RunError, match="berta") as caught:
        packs_deploy_later(packs=[fourth], person=PersonFactory(), seen=seen)
    assert caught.value.code == "conflict"
    assert code_of(voice_retire, deployment=two[1], person=two[1].person) == "conflict"
    assert Deployment.objects.filter(state=Deployment.State.REQUESTED).get().pack == third
    Deployment.objects.filter(pack=third).update(state=Deployment.State.FAILED)
    packs_deploy_later(packs=[fourth], person=PersonFactory(), seen=seen)


def test_what_failed_its_test_is_replaced_by_what_was_there(
    two: list[Deployment], voices_dir: Path
) -> None:
    first, second = two
    reason = {"state": "failed", "why": "no_answer"}
    back = version_return(deployment=second, reason=reason)
    assert back
    assert (back.action, back.version, served(voices_dir)) == (
        "return", 1, {"neutral": first.sha256},
    )  # fmt: skip
    assert ended(second)[0] == "returned"
    assert second.test == reason
    assert version_return(deployment=first, reason=reason) is None  # it was replaced long ago


def test_without_a_former_version_it_is_taken_out(voices_dir: Path) -> None:
    row = deployed(approved(LUZ))
    back = version_return(deployment=row, reason={"state": "failed", "why": "similarity"})
    assert back
    assert (back.action, served(voices_dir)) == ("retire", {})


def test_an_override_is_kept_with_who_when_and_what_it_admitted(voices_dir: Path) -> None:
    pack = approved(LUZ)
    pack.decisions.all().delete()
    row = deployed(pack, override=" Solo hay una persona. ")
    assert row.override == "Solo hay una persona."
    kept = manifest.read(voices_dir).voices["neutral"].about["override"]
    assert kept["reason"] == row.override
    assert (kept["by"], kept["at"]) == ("ana", row.created_at.isoformat())


class TestPages:
    @pytest.fixture
    def admin(self) -> Client:
        StyleFactory(key="neutral")
        client = Client(headers={"accept-language": "en"})
        client.force_login(PersonFactory(roles=["admin"]))
        return client

    def page(self, admin: Client, name: str = "voices", *args: int) -> str:
        return " ".join(admin.get(reverse(name, args=args)).content.decode().split())

    def test_a_voice_shows_its_version_figures_and_approval(
        self, admin: Client, two: list[Deployment]
    ) -> None:
        page = self.page(admin)
        for said in ("v2", "0.861", "0.850 to 0.873", "Roll back to v1", "Bien.", "All versions"):
            assert said in page
        admin.post(reverse("voice_roll_back", args=[two[1].pk]))
        carried_out(Deployment.objects.get(state="requested"))
        page = self.page(admin)
        assert "rolled back to v1" in page
        assert "Roll back to" not in page

    def test_retiring_by_the_page_and_the_list_of_the_retired(
        self, admin: Client, two: list[Deployment]
    ) -> None:
        admin.post(reverse("voice_retire", args=[two[1].pk]))
        carried_out(Deployment.objects.get(state="requested"))
        page = self.page(admin)
        assert "<h2>Retired</h2>" in page
        assert "No voice is deployed yet" not in page
        assert "retired" in self.page(admin, "voice", two[1].pk)

    def test_a_form_of_before_changes_nothing(self, admin: Client, two: list[Deployment]) -> None:
        answer = admin.post(
            reverse("deploy"), {"pack": two[0].pack_id, "seen-neutral": two[0].pk}, follow=True
        )
        assert b"ana deployed another version" in answer.content
        assert not Deployment.objects.filter(state="requested").exists()

    def test_an_override_needs_box_and_reason_and_is_shown(self, admin: Client) -> None:
        pack = approved(LUZ)
        pack.decisions.all().delete()
        sent = {"pack": pack.pk, "back": pack.style_run.run_id}
        for more in (
            {},
            {"override_reason": "Porque sí."},
            {"override": "yes", "override_reason": " "},
        ):
            answer = admin.post(reverse("deploy"), sent | more)
            assert answer["Location"] == reverse("review", args=[pack.style_run.run_id])
        assert not Deployment.objects.exists()
        admin.post(reverse("deploy"), {**sent, "override": "yes", "override_reason": "Porque sí."})
        row = carried_out(Deployment.objects.get())
        assert "Porque sí." in self.page(admin, "voice", row.pk)
        assert "Porque sí." in self.page(admin)

    @pytest.mark.parametrize(
        ("test", "said"),
        [
            ({"state": "asked"}, "being tested"),
            ({"state": "skipped", "why": "unreachable"}, "No speech service was reachable"),
            ({"state": "failed", "why": "no_answer"}, "did not answer in time"),
            ({}, "not tested"),
        ],
    )
    def test_the_test_is_told(self, admin: Client, test: dict[str, str], said: str) -> None:
        row = deployed(approved(LUZ))
        Deployment.objects.update(test=test)
        assert said in self.page(admin)
        assert said in self.page(admin, "voice", row.pk)

    def test_the_voice_card_says_what_it_is_and_who_approved_it(
        self, admin: Client, two: list[Deployment]
    ) -> None:
        answer = admin.get(reverse("voice_card", args=[two[1].pk]))
        card = answer.content.decode()
        assert answer["Content-Disposition"] == 'attachment; filename="neutral-v2.md"'
        for said in ("# neutral v2", "(Spanish|Español|es)", two[1].sha256, "Bien.", "0.861"):
            assert any(one in card for one in said.strip("()").split("|"))
        assert "neutral.safetensors" in card
        assert "GPL-3.0-or-later" in card
