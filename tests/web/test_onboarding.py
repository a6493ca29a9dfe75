"""Home's five steps by role, an empty installation, glossary and help."""

from pathlib import Path
from typing import Any

import pytest
from django.template import Context, RequestContext, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from corpus.models import Recording
from distillation.models import Deployment, VoicePack
from tests.conftest import REPOSITORY
from tests.distillation.factories import finished_run, style_report
from tests.factories import (
    LabelFactory,
    PersonFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
    StyleFactory,
)
from tests.web import words
from voicelab.glossary import TERMS
from voicelab.help import GUIDES
from voicelab.roles import ROLES

pytestmark = pytest.mark.django_db
PICTURES = REPOSITORY / "static" / "help"
MOST_BYTES = 1_500_000


def home(*roles: str, **person: Any) -> Any:
    client = Client(headers={"accept-language": "en"})
    client.force_login(PersonFactory(roles=roles, **person))
    return client.get(reverse("home"))


def step(answer: Any, number: int) -> Any:
    return answer.context["steps"][number - 1]


@pytest.mark.parametrize("role", ROLES)
def test_an_empty_installation_says_what_each_role_can_do(role: str) -> None:
    answer = home(role)
    steps = answer.context["steps"]
    assert [one.title for one in steps] == ["Label", "Record", "Launch", "Listen", "Deploy"]
    assert not any(one.is_done for one in steps)
    assert all(one.todo or one.waits_for for one in steps)
    missing = [item.command for item in answer.context["missing"]]
    assert ("manage.py load_corpus" in missing) == (role == "admin")


def test_what_is_missing_comes_in_an_order_that_works() -> None:
    items = home("admin").context["missing"]
    assert [item.command or item.href for item in items] == [
        "manage.py load_corpus",
        reverse("people"),
        "manage.py models pull kokoro",
        "celery -A voicelab worker",
    ]


def test_a_count_links_to_exactly_its_rows() -> None:
    style = StyleFactory(key="neutral")
    for _ in range(3):
        LabelFactory(style=style)
    SentenceFactory()
    client = Client()
    client.force_login(PersonFactory(roles=["labeler"]))
    [todo] = step(client.get("/"), 1).todo
    assert todo.text.startswith("1 ")
    assert client.get(todo.href).context["page"].paginator.count == 1
    done = step(client.get("/"), 1)
    assert client.get(done.href).context["page"].paginator.count == done.done == 3


def test_takes_that_wait_are_counted_for_reviewers_alone() -> None:
    RecordingFactory(state=Recording.State.PENDING)
    assert [todo.href for todo in step(home("reviewer"), 2).todo] == [
        f"{reverse('takes')}?state=pending"
    ]
    assert "reviewer" not in step(home("labeler"), 2).waits_for
    assert step(home("labeler"), 2).todo == []


def test_a_speaker_agrees_first_and_then_records() -> None:
    LabelFactory(style=StyleFactory(key="neutral"))
    person: Any = PersonFactory(roles=["speaker"])
    client = Client()
    client.force_login(person)
    assert [todo.href for todo in step(client.get("/"), 2).todo] == [reverse("consent")]
    SpeakerFactory(user=person, consented_at=timezone.now())
    assert [todo.href for todo in step(client.get("/"), 2).todo] == [reverse("studio")]


def test_the_next_step_is_the_first_with_something_to_do() -> None:
    assert home("speaker").context["next"].title == "Record"
    run = finished_run("neutral")
    answer = home("reviewer")
    assert answer.context["next"].title == "Listen"
    assert answer.context["next"].todo[0].href == reverse("review", args=[run.pk])


def test_a_voice_is_headed_by_its_held_out_score_and_changes(settings: Any) -> None:
    StyleFactory(key="neutral", name="Neutral")
    run = finished_run("neutral")
    report = style_report("neutral")
    report["evolved"] = {**report["evolved"], "score": {"total": 71.5}}
    report["start"] = {**report["start"], "score": {"total": 74.0}}
    report["similarity"]["over_deployed"] = {"mean": 0.025, "low": 0.01, "high": 0.04}
    run.style_runs.update(report=report, best_score=99.9)
    said = words.text_of(home("labeler").content.decode())
    assert "71.5 −2.5 against the start similarity 0.861 · naturalness 4.12" in said
    assert "similarity +0.025 against the voice in service then" in said
    assert "99.9" not in said
    pack = VoicePack.objects.get(style_run__run=run)
    Deployment.objects.create(
        pack=pack, voice="neutral", place=str(settings.VOICES_DIR), sha256=pack.sha256,
        state="deployed", person=run.created_by,
    )  # fmt: skip
    [row] = home("labeler").context["rows"]
    assert row["served"].score.now["mean"] == 71.5
    assert row["newer"] is None


def test_an_unfinished_run_has_no_headline() -> None:
    StyleFactory(key="neutral")
    finished_run("neutral").style_runs.update(report={}, state="running")
    [row] = home("labeler").context["rows"]
    assert row["newer"] is None


class TestTerms:
    def test_a_term_is_explained_at_its_first_use_only(self) -> None:
        template = Template("{% load terms %}{% term 'take' %}, {% term 'take' 'takes' %}")
        request = RequestFactory().get("/")
        html = template.render(RequestContext(request, {}))
        assert html.count("popovertarget") == 1
        assert html.endswith(", takes")
        assert str(TERMS["take"].meaning) in words.text_of(html)

    def test_it_is_explained_without_a_request_too(self) -> None:
        html = Template("{% load terms %}{% term 'run' %}").render(Context())
        assert "popovertarget" in html

    def test_the_glossary_has_every_term(self) -> None:
        client = Client()
        client.force_login(PersonFactory(roles=["labeler"]))
        html = client.get(reverse("glossary")).content.decode()
        assert all(f'id="{key}"' in html for key in TERMS)


class TestHelp:
    def test_the_guides_of_a_persons_roles_come_first(self) -> None:
        client = Client(headers={"accept-language": "en"})
        client.force_login(PersonFactory(roles=["reviewer"]))
        guides = client.get(reverse("help")).context["guides"]
        assert next((role, mine) for role, _, _, mine in guides) == ("reviewer", True)
        assert sum(mine for *_, mine in guides) == 1

    def test_every_part_has_its_picture_in_both_languages(self) -> None:
        names = {part.picture for parts in GUIDES.values() for part in parts}
        for language in ("es", "en"):
            assert {path.stem for path in (PICTURES / language).iterdir()} == names
        assert sum(map(_size, PICTURES.rglob("*.webp"))) < MOST_BYTES

    @pytest.mark.parametrize("language", ["es", "en"])
    def test_the_pictures_are_in_the_readers_language(self, language: str) -> None:
        client = Client(headers={"accept-language": language})
        client.force_login(PersonFactory(roles=["labeler"]))
        html = client.get(reverse("help_role", args=["labeler"])).content.decode()
        assert f"help/{language}/label.webp" in html

    def test_there_is_no_help_for_an_unknown_role(self) -> None:
        client = Client()
        client.force_login(PersonFactory(roles=["labeler"]))
        assert client.get(reverse("help_role", args=["wizard"])).status_code == 404


def _size(path: Path) -> int:
    return path.stat().st_size
