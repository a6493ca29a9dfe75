"""The threshold of the quality score: plotted from verdicts, stored with its author, a hint."""

from typing import Any

import pytest
from django.urls import reverse

from corpus.models import QualityThreshold, Recording
from corpus.services.thresholds import takes_judged, threshold_now
from tests.corpus.web.conftest import signed_in
from tests.factories import PersonFactory, ProsodyScoreFactory, RecordingFactory

pytestmark = pytest.mark.django_db


def judge(quality: float, state: str, *before: str) -> Recording:
    take = RecordingFactory.create(state=state)
    for earlier in (*before, state):
        take.verdicts.create(state=earlier, person=PersonFactory())
    ProsodyScoreFactory(recording=take, quality=quality)
    return take


@pytest.fixture
def client(reviewer):
    return signed_in(reviewer)


def page(client: Any) -> Any:
    answer = client.get(reverse("calibration"))
    assert answer.status_code == 200
    return answer


def test_only_reviewed_takes_count_by_their_last_verdict(client):
    judge(0.9, "accepted", "rejected")
    judge(0.2, "rejected")
    ProsodyScoreFactory(recording=RecordingFactory(state="pending"), quality=0.5)
    ProsodyScoreFactory(recording=RecordingFactory(state="accepted"), quality=0.5)  # by no person
    found = sorted((take.score, take.accepted) for take in takes_judged())
    assert found == [(0.2, False), (0.9, True)]
    shown = page(client)
    assert (shown.context["judged"], shown.context["accepted"]) == (2, 1)
    assert shown.context["few"]
    assert shown.context["proposed"].threshold == pytest.approx(0.21)
    assert 'class="calibration"' in shown.content.decode()


def test_without_verdicts_the_page_says_what_to_do(client):
    assert reverse("listening") in page(client).content.decode()


def test_a_threshold_is_set_by_a_person_and_the_earlier_ones_stay(client, reviewer):
    take = judge(0.4, "accepted")
    for value in ("0.5", "0.65"):
        assert client.post(reverse("calibration"), {"value": value}).status_code == 302
    assert threshold_now() == 0.65
    rows = QualityThreshold.objects.order_by("pk").values_list("value", "person")
    assert list(rows) == [(0.5, reviewer.pk), (0.65, reviewer.pk)]
    take.refresh_from_db()
    assert take.state == "accepted"
    assert page(client).context["in_force"].threshold == 0.65


@pytest.mark.parametrize("value", ["", "1.2", "-0.1", "nan", "x"])
def test_an_invalid_threshold_is_refused(value, client):
    assert client.post(reverse("calibration"), {"value": value}).status_code == 422
    assert threshold_now() is None
