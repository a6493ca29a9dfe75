"""The target of a style made of takes: only reviewers, admins and its speakers may play it."""

from dataclasses import replace
from typing import Any, cast

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from corpus.models import Recording
from distillation.models import Deployment, Run, StyleRun
from distillation.recipe import StyleRecipe
from distillation.services.run_files import held_out_name
from tests.distillation.factories import finished_run, spoken
from tests.factories import PersonFactory, RecordingFactory, StyleFactory
from voicelab.roles import ADMIN, LABELER, REVIEWER, SPEAKER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
WITHHELD = "only reviewers and the speaker may listen to it"


@pytest.fixture
def take() -> Recording:
    style = StyleFactory(key="neutral", name="Neutral", colour="style-1")
    return cast(Recording, RecordingFactory(style=style))


@pytest.fixture
def row(take: Recording) -> StyleRun:
    """A finished run whose target is a take, with all audio files."""
    run = finished_run("neutral")
    wav = ContentFile(spoken("Gracias por llamar.", "pf_luz"))
    for who in ("target", "start", "evolved"):
        default_storage.save(held_out_name(run.pk, "neutral", 1, who), wav)
    data = run.report.data
    data["styles"]["neutral"]["audio"] = [{"text": "La tercera.", "target": True}]
    run.report.save()
    row = run.style_runs.get()
    row.target.save("target.wav", wav)
    uses(run, takes={"Una frase.": take.wav.name})
    return row


def uses(run: Run, **of_style: Any) -> None:
    """Change what the run's one style is made of."""
    recipe = run.run_recipe
    style: StyleRecipe = replace(recipe.styles[0], **of_style)
    run.recipe = replace(recipe, styles=(style,)).to_json()
    run.save()


def client_of(person: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    return client


def sounds(row: StyleRun) -> list[str]:
    return [
        reverse("style_audio", args=[row.run_id, "neutral", "target", "wav"]),
        reverse("style_audio", args=[row.run_id, "neutral", "target", "svg"]),
        reverse("held_out_audio", args=[row.run_id, "neutral", 1, "target", "wav"]),
    ]


def pages(row: StyleRun) -> list[str]:
    other = finished_run("neutral").pk
    return [
        reverse("run", args=[row.run_id]),
        reverse("review", args=[row.run_id]),
        f"{reverse('compare')}?run={row.run_id}&run={other}",
        reverse("voice", args=[deployed(row).pk]),
    ]


def deployed(row: StyleRun) -> Deployment:
    pack, person = row.packs.get(), row.run.created_by
    return Deployment.objects.create(
        pack=pack, voice="neutral", place="/x", sha256=pack.sha256, person=person, state="deployed"
    )


def status(client: Client, url: str) -> int:
    answer = client.get(url)
    answer.close()
    return answer.status_code


@pytest.mark.parametrize("role", [LABELER, SPEAKER])
def test_others_may_play_neither_the_take_nor_audio_made_from_it(row: StyleRun, role: str) -> None:
    client = client_of(PersonFactory(roles=[role]))
    assert [status(client, url) for url in sounds(row)] == [403, 403, 403]
    for page in pages(row):
        content = client.get(page).content.decode()
        assert WITHHELD in content
        assert not any(url in content for url in sounds(row))


@pytest.mark.parametrize("role", [REVIEWER, ADMIN])
def test_reviewers_and_admins_may_play_the_target(row: StyleRun, role: str) -> None:
    client = client_of(PersonFactory(roles=[role]))
    assert [status(client, url) for url in sounds(row)] == [200, 200, 200]
    for page in pages(row):
        content = client.get(page).content.decode()
        assert WITHHELD not in content
        assert sounds(row)[0] in content


def test_the_speaker_of_all_its_takes_may_play_the_target(row: StyleRun, take: Recording) -> None:
    client = client_of(take.speaker.user)
    assert status(client, sounds(row)[0]) == 200
    uses(row.run, targets=(take.wav.name, cast(Any, RecordingFactory()).wav.name))
    assert status(client, sounds(row)[0]) == 403


def test_a_voice_page_links_to_the_takes_of_its_target(row: StyleRun, take: Recording) -> None:
    uses(row.run, takes={}, targets=(take.wav.name,))
    page, link = reverse("voice", args=[deployed(row).pk]), reverse("take", args=[take.pk])
    strangers: Any = [PersonFactory(roles=[role]) for role in (LABELER, SPEAKER)]
    for person in strangers:
        content = client_of(person).get(page).content.decode()
        assert take.speaker.name in content
        assert link not in content
    for person in (take.speaker.user, PersonFactory(roles=[REVIEWER])):
        assert link in client_of(person).get(page).content.decode()


def test_everybody_may_play_the_evolved_voices(row: StyleRun) -> None:
    client = client_of(PersonFactory(roles=[LABELER]))
    evolved = reverse("held_out_audio", args=[row.run_id, "neutral", 1, "evolved", "wav"])
    assert status(client, evolved) == 200
    uses(row.run, takes={})  # a teacher that speaks by itself
    assert status(client, sounds(row)[0]) == 200
