"""A withdrawn consent: everything made from the voice is listed, and nothing new is made."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from corpus.models import Recording, Speaker
from corpus.services.speakers import consent_withdraw
from distillation import engines, voicepack
from distillation.models import Deployment, Run, StyleRun, VoicePack
from distillation.services import slices
from distillation.services.deployments import packs_deploy
from distillation.services.errors import RunError
from distillation.services.provenance import consent_hold, take_uses_store, voice_made
from distillation.services.run_files import field_path
from tests.corpus.web.conftest import signed_in
from tests.distillation.factories import approve, finished_run, tiny_run
from tests.factories import PersonFactory, RecordingFactory, StyleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def pack(settings: Settings, tmp_path: Path) -> VoicePack:
    """Return an approved pack whose recipe names one take of a speaker, and one of nobody's."""
    settings.VOICES_DIR = tmp_path / "voices"
    row = finished_run("neutral", "amable").style_runs.get(style="neutral").packs.get()
    row.file.name, path = field_path(row, "file")
    row.sha256 = voicepack.save(engines.student("praat").stock_voice("pf_luz"), path)
    row.save()
    run = row.style_run.run
    take = RecordingFactory.create(style=StyleFactory(key="neutral"), state="accepted")
    run.recipe["styles"][0]["takes"] = {"Una frase.": take.wav.name}
    run.recipe["inputs"] = {take.wav.name: take.sha256}
    uses_stored(run)
    approve(row, nevertheless="Una prueba.")
    return row


def uses_stored(run: Run) -> None:
    """Save the changed recipe, and what it is made of, as a launch does."""
    run.save()
    for style_run in run.style_runs.all():
        take_uses_store(style_run)


def withdraw(who: Speaker) -> None:
    consent_withdraw(speaker=who, person=who.user)


def speaker() -> Speaker:
    return Recording.objects.get().speaker


def test_runs_and_packs_that_used_a_speaker_are_found(pack: VoicePack) -> None:
    person = pack.style_run.run.created_by
    [deployment] = packs_deploy(packs=[pack], person=person)
    [made] = voice_made(speaker())
    assert made.style_run == pack.style_run
    assert made.takes == [Recording.objects.get()]
    assert (made.packs, made.deployments) == ([pack], [deployment])


def test_a_prompt_counts_as_use_in_every_style_of_the_run(pack: VoicePack) -> None:
    run = pack.style_run.run
    run.recipe["styles"][0]["takes"] = {}
    run.recipe["teacher_options"] = {"prompt": Recording.objects.get().wav.name}
    uses_stored(run)
    assert {made.style_run.style for made in voice_made(speaker())} == {"neutral", "amable"}


def test_an_unused_speaker_has_no_uses(pack: VoicePack) -> None:
    assert voice_made(RecordingFactory.create().speaker) == []


def test_a_voice_with_withdrawn_consent_is_not_deployed_again(pack: VoicePack) -> None:
    person = pack.style_run.run.created_by
    withdraw(speaker())
    with pytest.raises(RunError) as refused:
        packs_deploy(packs=[pack], person=person)
    assert refused.value.code == "consent_withdrawn"
    assert speaker().name in str(refused.value)
    assert not Deployment.objects.exists()


def test_a_withdrawal_affects_only_the_styles_of_that_speaker(pack: VoicePack) -> None:
    withdraw(speaker())
    rows = pack.style_run.run.style_runs
    with pytest.raises(RunError):
        consent_hold(rows.get(style="neutral"))
    consent_hold(rows.get(style="amable"))


def test_a_running_search_stops_at_its_next_slice() -> None:
    run: Run = tiny_run("neutral")
    style_run = run.style_runs.get()
    withdraw(Recording.objects.first().speaker)
    slices.style_advance(style_run_id=style_run.pk, slice=0)
    ended = StyleRun.objects.get(pk=style_run.pk)
    assert (ended.state, ended.error_code) == ("failed", "consent_withdrawn")
    assert not ended.target


def page(person: Any, name: str, *args: object) -> Any:
    return signed_in(person).get(reverse(name, args=args))


def test_admins_see_who_withdrew_and_which_voices_are_still_deployed(pack: VoicePack) -> None:
    admin = PersonFactory(roles=["admin"], is_staff=True, is_superuser=True)
    packs_deploy(packs=[pack], person=admin)
    assert page(admin, "withdrawals").context["rows"] == []
    Speaker.objects.update(withdrawn_at=timezone.now())
    [(who, counts)] = page(admin, "withdrawals").context["rows"]
    assert (who, counts["packs"], counts["current"]) == (speaker(), 1, 1)
    detail = page(admin, "voice_uses", who.pk).content.decode()
    deployment = Deployment.objects.get()
    assert reverse("voice", args=[deployment.pk]) in detail
    assert pack.file.name in detail
    listed = page(admin, "admin:corpus_speaker_changelist").content.decode()
    assert reverse("voice_uses", args=[who.pk]) in listed


def test_speakers_see_their_own_voice_only(pack: VoicePack) -> None:
    own, other = speaker(), RecordingFactory.create().speaker
    assert page(own.user, "voice_uses", own.pk).status_code == 200
    assert page(own.user, "voice_uses", other.pk).status_code == 403
    consent = page(own.user, "consent").content.decode()
    assert reverse("voice_uses", args=[own.pk]) in consent
