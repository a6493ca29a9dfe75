"""Huge numbers, deep JSON, NUL characters and broken headers: 400, never 500, nothing changed."""

from typing import Any

import pytest
from django.db import DataError
from django.test import Client
from django.urls import reverse

import corpus.views.takes
from corpus.models import LabelDecision
from tests.distillation.web.conftest import run  # noqa: F401
from tests.factories import PersonFactory, SentenceFactory, SpeakerFactory, StyleFactory
from tests.web.permissions import HUGE

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    person: Any = PersonFactory(roles=["admin"])
    SpeakerFactory(user=person)
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def test_a_huge_number_of_the_newest_decision_is_refused_and_no_label_is_set(
    client: Client,
) -> None:
    sentence, style = SentenceFactory(), StyleFactory()
    address = reverse("focus_save", args=[sentence.sentence_id])
    for seen in (HUGE, "-1", "²", "x"):
        assert client.post(address, {"style": style.key, "seen": seen}).status_code == 400
    assert not LabelDecision.objects.exists()


@pytest.mark.parametrize(
    "body",
    ["[" * 200_000, f'[["a", {HUGE}]]', '[["a", 1e999]]', "{}x", "[1]", '{"a": 1}'],
    ids=["deep", "digits", "infinite", "no JSON", "no pairs", "an object"],
)
def test_names_of_a_batch_that_cannot_be_read_are_refused(client: Client, body: str) -> None:
    answer = client.post(reverse("take_batch_names"), body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("part", [f"{HUGE}-", f"0-{HUGE}", f"-{HUGE}"], ids=["from", "to", "last"])
def test_a_range_with_too_many_digits_is_refused(client: Client, run: Any, part: str) -> None:  # noqa: F811
    sound = reverse("held_out_audio", args=[run.pk, "neutral", 1, "evolved", "wav"])
    assert client.get(sound, headers={"Range": "bytes=0-9"}).getvalue()[:4] == b"RIFF"
    assert client.get(sound, headers={"Range": f"bytes={part}"}).status_code == 400


@pytest.mark.parametrize("place", ["1e999", "label", "https://other.example/", "//other.example"])
def test_the_page_to_go_on_to_is_a_path_of_this_site(client: Client, place: str) -> None:
    answer = client.post(
        reverse("label_undo", args=[SentenceFactory().sentence_id]), {"next": place}
    )
    assert answer.headers.get("Location", "/label/") == reverse("label")


def test_broken_addresses_in_headers_are_refused_or_ignored() -> None:
    stranger = Client()
    htmx = {"HX-Request": "true", "HX-Current-URL": "http://[bad"}
    assert stranger.get(reverse("home"), headers=htmx).status_code == 400
    answer = stranger.post(reverse("run_pause", args=[1]), headers={"Referer": "http://[bad"})
    assert answer.status_code == 302


def test_a_nul_character_that_the_database_refuses_is_the_senders_fault(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")

    monkeypatch.setattr(corpus.views.takes, "TakeFilter", refuse)
    spanish = {"Accept-Language": "es"}
    answer = client.get(reverse("takes"), {"style": "\0"}, headers=spanish)
    assert answer.status_code == 400
    assert "No se ha cambiado nada" in answer.content.decode()
    assert client.get(reverse("takes"), headers=spanish).status_code == 500
