"""The frame: sign-in, languages, navigation by role, faults, a policy without inline anything."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from corpus.people import people_create
from tests.factories import (
    LabelFactory,
    PersonFactory,
    ProsodyScoreFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
    StyleFactory,
)
from tests.web import words
from voicelab.roles import ROLES, RolesBackend, roles_of

pytestmark = pytest.mark.django_db
PAGES = ("home", "label", "takes", "consent", "corpus_import", "runs", "voices")


def client_of(*roles: str, **person: Any) -> Client:
    client = Client()
    someone: Any = PersonFactory(roles=roles, **person)
    client.force_login(someone)
    return client


@pytest.fixture
def labelled_corpus():
    neutral, warm = StyleFactory(key="neutral"), StyleFactory(key="amable", position=1)
    for n in range(4):
        label = LabelFactory(style=warm if n % 2 else neutral)
        take = RecordingFactory(sentence=label.sentence, style=label.style)
        ProsodyScoreFactory(recording=take)
    SentenceFactory()


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_the_frame_and_no_inline_code(name, filled, request):
    if filled:
        request.getfixturevalue("labelled_corpus")
    answer = client_of("admin").get(reverse(name))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.count("<h1") == 1
    assert 'href="#main"' in html
    assert 'id="main"' in html
    assert reverse("logout") in html
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=\"", html)
    others = html.replace(f'href="{settings.SPEECH_URL}/docs"', "")
    assert not re.search(r'(?:src|href)="(?:https?:)?//', others)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_navigation_shows_what_the_role_may_open():
    def shown(*roles: str) -> set[str]:
        html = words.joined(client_of(*roles).get(reverse("home")).content.decode())
        return set(re.findall(r'<li><a href="([^"]+)"', html))

    assert shown("labeler") == {
        reverse(name) for name in ("home", "label", "runs", "voices", "playground")
    }
    assert reverse("takes") in shown("speaker")
    assert shown("admin") >= shown("labeler") | shown("reviewer")


def test_the_current_page_is_marked():
    html = words.joined(client_of("admin").get(reverse("takes")).content.decode())
    assert re.findall(r'<li><a href="([^"]+)" aria-current="page"', html) == [reverse("takes")]


def test_a_person_without_a_role_sees_a_notice():
    html = words.joined(client_of().get(reverse("home")).content.decode())
    assert reverse("label") not in re.findall(r'<li><a href="([^"]+)"', html)
    assert html.count("<h1") == 1


def test_the_language_can_be_switched():
    client = client_of("admin")
    for code in ("en", "es"):
        client.post(reverse("set_language"), {"language": code, "next": "/"})
        assert f'<html lang="{code}">' in client.get("/").content.decode()


def test_error_pages_have_the_frame():
    client = client_of("labeler")
    missing, refused = client.get("/nowhere/"), client.get(reverse("takes"))
    assert (missing.status_code, refused.status_code) == (404, 403)
    for answer in (missing, refused):
        assert 'id="main"' in answer.content.decode()
    assert Client().get("/nowhere/").status_code == 404


def test_an_internal_error_has_its_own_page(monkeypatch):
    def broken(*args: Any) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("corpus.models.Sentence.objects.label_counts", broken, raising=False)
    client = client_of("admin")
    client.raise_request_exception = False
    answer = client.get(reverse("home"))
    assert answer.status_code == 500
    assert "Voice Lab" in answer.content.decode()


def test_sign_in_leads_home_and_repeated_failures_lock_the_account():
    passwords = people_create()
    client = Client()
    answer = client.post(
        reverse("login"), {"username": "labeler", "password": passwords["labeler"]}
    )
    assert answer.url == reverse("home")
    client.post(reverse("logout"))
    wrong = {"username": "speaker", "password": "wrong"}
    codes = [client.post(reverse("login"), wrong).status_code for _ in range(9)]
    assert codes[0] == 200
    assert codes[-1] == 429
    right = {"username": "speaker", "password": passwords["speaker"]}
    assert client.post(reverse("login"), right).status_code == 429


def test_people_are_created_once_and_keep_their_passwords(capsys):
    first = people_create()
    assert set(first) == set(ROLES)
    assert len(set(first.values())) == len(ROLES)
    assert people_create() == {}
    call_command("create_people", "--reset-passwords")
    lines = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert set(lines) == set(ROLES)
    assert not set(lines.values()) & set(first.values())


def test_an_admin_holds_every_role_and_an_inactive_person_none():
    assert roles_of(PersonFactory(roles=["admin"])) == set(ROLES)
    assert roles_of(PersonFactory(roles=["labeler"])) == {"labeler"}
    assert roles_of(PersonFactory(roles=["labeler"], is_active=False)) == frozenset()


def test_home_shows_each_person_their_waiting_work(labelled_corpus):
    def todo(*roles: str) -> list[str]:
        context = client_of(*roles).get(reverse("home")).context
        return [item.href for item in context["todo"]]

    assert todo("labeler") == [f"{reverse('label')}?state=open"]
    assert todo("reviewer") == [f"{reverse('takes')}?state=pending"]
    assert todo("speaker") == [reverse("consent")]
    assert reverse("run_launch") not in todo("admin")  # no style has enough takes


def test_a_persons_roles_are_loaded_in_one_query(django_assert_num_queries):
    person = PersonFactory(roles=["labeler", "reviewer"])
    bare, left = PersonFactory(roles=[]), PersonFactory(roles=["admin"], is_active=False)
    with django_assert_num_queries(1):
        assert roles_of(RolesBackend().get_user(person.pk)) == {"labeler", "reviewer"}
    assert roles_of(RolesBackend().get_user(bare.pk)) == frozenset()
    assert RolesBackend().get_user(left.pk) is None
    assert RolesBackend().get_user(0) is None


def test_home_counts_by_style_in_few_queries(labelled_corpus, django_assert_max_num_queries):
    SpeakerFactory()
    client = client_of("admin")
    with django_assert_max_num_queries(33):
        context = client.get(reverse("home")).context
    assert (context["steps"][0].done, context["steps"][0].total) == (4, 5)
    assert [(row["labelled"], row["waiting"]) for row in context["rows"]] == [(2, 2), (2, 2)]
