"""Long lists: queries do not grow with the rows, and pages are read from both ends."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from corpus.models import Recording, Sentence, Speaker, TakeVerdict
from corpus.services.speakers import consent_give
from corpus.views import takes
from distillation.launch.fields import SHOWN
from tests.factories import (
    LabelFactory,
    PersonFactory,
    ProsodyScoreFactory,
    RecordingFactory,
    SentenceFactory,
    StyleFactory,
)
from voicelab.paging import LongPaginator
from voicelab.roles import ADMIN, LABELER, REVIEWER, ROLES, SPEAKER

pytestmark = pytest.mark.django_db
PAGES = {
    LABELER: "/ /label/ /label/?q=buenos /label/focus/ /label/accept/ /label/people/",
    SPEAKER: "/ /takes/ /takes/next/ /takes/upload/ /studio/",
    REVIEWER: "/ /takes/ /takes/?style=neutral&q=buenos /takes/next/ /takes/calibration/ "
    "/takes/export/ /label/disputes/ /takes/rescore/{speaker}/",
    ADMIN: "/ /runs/launch/ /runs/launch/takes/prompt/?words=buenos /admin/corpus/recording/",
}


@pytest.fixture
def people() -> dict[str, Any]:
    found: dict[str, Any] = {
        role: PersonFactory(roles=[role], is_staff=role == ADMIN) for role in ROLES
    }
    type(found[ADMIN]).objects.filter(pk=found[ADMIN].pk).update(is_superuser=True)
    consent_give(person=found[SPEAKER], text="sí")
    return found


def rows_make(people: dict[str, Any], n: int) -> None:
    speaker = Speaker.objects.get(user=people[SPEAKER])
    for number in range(n):
        sentence: Any = SentenceFactory()
        style = StyleFactory(key="neutral")
        if number % 2:
            LabelFactory(sentence=sentence, style=style, person=people[LABELER])
        state = ("accepted", "pending", "rejected")[number % 3]
        take: Any = RecordingFactory(sentence=sentence, style=style, speaker=speaker, state=state)
        ProsodyScoreFactory(recording=take)
        if state != "pending":
            TakeVerdict.objects.create(recording=take, state=state, person=people[REVIEWER])


def queries(people: dict[str, Any]) -> dict[str, int]:
    found, speaker = {}, Speaker.objects.get(user=people[SPEAKER])
    for role, paths in PAGES.items():
        client = Client()
        client.force_login(people[role])
        for path in paths.split():
            with CaptureQueriesContext(connection) as made:
                answer = client.get(path.format(speaker=speaker.pk))
                assert answer.status_code == 200, path
            found[f"{role} {path}"] = len(made)
    return found


def test_no_page_makes_more_queries_for_more_sentences_and_takes(people: dict[str, Any]) -> None:
    rows_make(people, 8)
    few = queries(people)
    rows_make(people, 24)
    more = queries(people)
    assert {page: n for page, n in more.items() if n > few[page]} == {}


def test_a_page_is_the_same_from_either_end() -> None:
    sentences: list[Any] = SentenceFactory.create_batch(7)
    keys = [sentence.pk for sentence in sentences]
    rows = Sentence.objects.order_by("pk").values_list("pk", flat=True)
    pages = LongPaginator(rows, 2)
    assert [list(page) for page in pages] == [keys[:2], keys[2:4], keys[4:6], keys[6:]]
    assert (pages.count, pages.is_capped) == (7, False)


def test_what_is_beyond_the_limit_is_not_counted() -> None:
    sentences: list[Any] = SentenceFactory.create_batch(7)
    keys = [sentence.pk for sentence in sentences]
    rows = Sentence.objects.order_by("pk").values_list("pk", flat=True)
    pages = LongPaginator(rows, 2, most=4)
    assert (pages.count, pages.is_capped, pages.num_pages) == (4, True, 2)
    assert list(pages.page(2)) == keys[2:4]
    assert not LongPaginator(rows, 2, most=7).is_capped


@pytest.mark.parametrize("few", [0, 100])
def test_a_search_shows_the_newest_takes_of_few_sentences_or_many(
    few: int, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takes, "MOST_SENTENCES", few)
    monkeypatch.setattr(takes, "MOST_FOUND", 4)
    rows_make(people, 12)
    client = Client()
    client.force_login(people[REVIEWER])
    newest = list(Recording.objects.order_by("-pk"))
    words = {"q": newest[0].sentence.text[:6]}
    assert list(client.get(reverse("takes"), words).context["page"]) == newest[:4]
    accepted = [take for take in newest if take.state == "accepted"]
    some = client.get(reverse("takes"), words | {"state": "accepted"}).context["page"]
    assert list(some) == accepted[:4]


def test_a_search_for_takes_to_launch_with_keeps_those_that_are_chosen(
    people: dict[str, Any],
) -> None:
    rows_make(people, 3 * SHOWN + 6)
    oldest, *_others = Recording.objects.usable().order_by("pk")
    client = Client()
    client.force_login(people[ADMIN])
    address = reverse("run_launch_takes", args=["target_takes"])
    offered = client.get(address).context["takes"]
    assert len(offered) == SHOWN
    assert oldest not in [take for take, _chosen in offered]
    given = {"target_takes": oldest.pk, "words": "no such words"}
    assert client.get(address, given).context["takes"] == [(oldest, True)]
    found = client.get(address, {"words": oldest.sentence.sentence_id}).context["takes"]
    assert (oldest, False) in found
