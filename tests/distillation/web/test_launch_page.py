"""The launch page: presets and their time, what is missing, the part with an error, who may."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from corpus.models import Recording
from distillation.models import Run, WorkerBeat
from tests.distillation.factories import corpus_make, finished_run, plain_recipe
from tests.distillation.web.test_launch import filled
from tests.factories import PersonFactory, StyleFactory
from tests.web import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
URL = "/runs/launch/"


@pytest.fixture
def admin() -> Client:
    """An admin by role, without the staff flag."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(PersonFactory(roles=["admin"], is_staff=False, is_superuser=False))
    return client


def text(answer: Any) -> str:
    return words.text_of(answer.content.decode())


def test_an_admin_without_the_staff_flag_launches(admin: Client) -> None:
    corpus_make("neutral")
    answer: Any = admin.post(URL, filled())
    assert answer.url == reverse("run", args=[Run.objects.get().pk])


def test_the_administrations_page_to_add_a_run_leads_there(admin_client: Client) -> None:
    answer: Any = admin_client.get("/admin/distillation/run/add/?again=3")
    assert answer.url == f"{URL}?again=3"


@pytest.mark.parametrize(("preset", "steps"), [("quick", 2500), ("normal", 10_000)])
def test_a_preset_sets_the_steps_where_none_are_given(
    admin: Client, preset: str, steps: int
) -> None:
    corpus_make("neutral")
    admin.post(URL, filled(preset=preset, steps="", strategy=""))
    recipe = Run.objects.get().run_recipe
    assert (recipe.steps, recipe.strategy) == (steps, "cma-es")


def test_a_preset_says_how_long_it_takes_and_from_which_run_that_is_known(admin: Client) -> None:
    corpus_make("neutral")
    assert "as on two processor cores" in text(admin.get(URL))
    run = finished_run("amable")
    run.style_runs.update(evaluations=200, seconds=22.0)
    said = text(admin.get(URL))
    assert "about 5 min 2500 steps" in said.replace(",", "")
    assert "about 18 min 10000 steps" in said.replace(",", "")
    assert f"run #{run.pk} , in which a candidate took 0.11 s here" in said


def test_a_further_style_of_one_speaker_costs_a_few_steps_only(admin: Client) -> None:
    corpus_make("neutral", "amable")
    run = finished_run("neutral")
    run.style_runs.update(evaluations=100, seconds=600.0)
    Run.objects.update(recipe={**plain_recipe("neutral").to_json(), "student": "kokoro"})
    query = {"student": "kokoro", "styles": ["neutral", "amable"], "preset": "normal"}
    answer = admin.get(f"{URL}facts/", query)
    assert answer.context["estimate"].seconds == pytest.approx(6.0 * (54 + 4))
    assert 'hx-swap-oob="true"' in answer.content.decode()


def test_what_is_missing_comes_with_a_link_that_mends_it(admin: Client) -> None:
    StyleFactory(key="amable", name="Amable")
    page = admin.get(URL).content.decode()
    assert "What is still missing" in page
    assert f"{reverse('takes')}?style=amable&amp;state=pending" in page
    assert f"{reverse('studio')}?style=amable" in page
    assert "celery -A voicelab worker" in page


def test_everything_is_said_to_be_there(admin: Client) -> None:
    corpus_make("neutral")
    WorkerBeat.objects.create(name="one", seen_at=timezone.now())
    said = text(admin.get(URL))
    assert "Everything a run needs is here" in said
    assert "8 sentences with an accepted take; a run needs 5." in said


def test_only_styles_that_are_ready_are_chosen_at_first(admin: Client) -> None:
    corpus_make("neutral")
    StyleFactory(key="amable", name="Amable")
    answer = admin.get(URL)
    assert answer.context["form"]["styles"].value() == ["neutral"]
    assert answer.context["needs"].can_launch


def test_takes_without_consent_are_named_with_their_speaker(admin: Client) -> None:
    corpus_make("neutral")
    speaker: Any = Recording.objects.all()[0].speaker
    type(speaker).objects.update(withdrawn_at=timezone.now())
    page = admin.get(URL)
    assert f"8 accepted takes by {speaker.name} are not used" in text(page)
    assert f"?state=accepted&amp;speaker={speaker.pk}" in page.content.decode()


def test_an_error_opens_the_part_it_is_in(admin: Client) -> None:
    corpus_make("neutral")
    assert '<details class="panel advanced">' in admin.get(URL).content.decode()
    for changes, opened in (({"goal": 101}, True), ({"styles": []}, False)):
        answer = admin.post(URL, filled(**changes))
        assert answer.status_code == 422
        assert ('advanced" open' in answer.content.decode()) == opened
        assert f'href="#field-{next(iter(changes))}"' in answer.content.decode()
    assert not Run.objects.exists()


def test_half_a_form_still_says_what_is_needed(admin: Client) -> None:
    corpus_make("neutral")
    query = {"student": "nobody", "teacher": "", "steps": "many", "preset": "odd"}
    answer = admin.get(f"{URL}facts/", query)
    assert answer.status_code == 200
    assert answer.context["needs"].chosen == []
