"""What waits is counted once: every page shows the same number, and its link lists these rows."""

import re
from typing import Any

import pytest
from django.urls import reverse

from corpus.services import counts
from corpus.services.labels import MAKE_DISPUTE, label_set
from tests.corpus.web.conftest import signed_in
from tests.factories import (
    LabelFactory,
    PersonFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(neutral, warm, labeler) -> None:
    """Two sentences without a style, one dispute, three takes waiting, one of a withdrawn voice."""
    SentenceFactory.create_batch(2)
    disputed = label_set(sentence=SentenceFactory(), style=warm, person=labeler)
    label_set(
        sentence=disputed.sentence,
        style=neutral,
        person=PersonFactory(),
        seen=disputed.pk,
        instead=MAKE_DISPUTE,
    )
    labelled = LabelFactory(style=neutral, person=labeler).sentence
    speaker = SpeakerFactory()
    for _ in range(3):
        RecordingFactory(sentence=labelled, style=neutral, speaker=speaker)
    gone = SpeakerFactory(withdrawn_at=speaker.consented_at)
    RecordingFactory(sentence=labelled, style=neutral, speaker=gone)


def listed(client: Any, href: str) -> int:
    context = client.get(href).context
    rows = context.get("rows") if "/label/" in href else context["page"].object_list
    return len(rows)


@pytest.mark.parametrize("roles", [["labeler"], ["reviewer"], ["admin"], ["labeler", "reviewer"]])
def test_every_count_leads_to_exactly_its_rows(roles, desk):
    person = PersonFactory(roles=roles)
    client = signed_in(person)
    for count, expected in (
        (counts.without_style_count(), 2),
        (counts.disputes_count(person), 1),
    ):
        assert (count.n, listed(client, count.href)) == (expected, expected)
    if "labeler" not in roles or len(roles) > 1:
        waiting = counts.takes_waiting_count()
        assert (waiting.n, listed(client, waiting.href)) == (3, 3)


def test_every_page_shows_the_same_numbers(desk):
    client = signed_in(PersonFactory(roles=["admin"]))
    for page in ("home", "label", "label_people", "label_disputes", "takes"):
        html = client.get(reverse(page)).content.decode()
        shown = dict(re.findall(r'class="nav-count nav-(\w+)".*?>(\d+)</a>', html, re.DOTALL))
        assert shown == {"unlabelled": "2", "disputed": "1", "waiting": "3"}  # admins rarely record
    label, people = (client.get(reverse(name)).context for name in ("label", "label_people"))
    assert label["without_style"] == people["without_style"] == counts.without_style_count()
    assert label["disputed"] == people["disputed"]
    home = client.get(reverse("home")).context
    waits = {todo.href: todo.text for step in home["steps"] for todo in step.todo}
    for count in (counts.without_style_count(), label["disputed"], counts.takes_waiting_count()):
        assert str(count.n) in waits[count.href].rstrip(".").split()
    assert client.get(reverse("takes")).context["counts"]["pending"] == 3


def test_a_dispute_that_one_would_vote_on_blind_is_not_counted_for_a_labeler(
    settings, sentence, neutral, warm, labeler, reviewer
):
    settings.BLIND_SHARE = 1.0
    label_set(sentence=sentence, style=warm, person=labeler)
    label_set(sentence=sentence, style=neutral, person=PersonFactory())
    blind = PersonFactory(roles=["labeler"])
    found = [counts.disputes_count(person).n for person in (blind, labeler, reviewer)]
    assert found == [0, 1, 1]
    page = signed_in(blind).get(f"{reverse('label')}?state=disputed")
    assert page.context["rows"] == []
