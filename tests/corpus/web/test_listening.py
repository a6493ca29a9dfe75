"""The review queue: order, keyboard targets, stored verdicts, spectrograms."""

from io import BytesIO
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.models import ProsodyScore, Recording, TakeVerdict
from corpus.services.takes import take_store
from corpus.services.thresholds import threshold_set
from corpus.services.verdicts import VerdictConflict, take_judge, verdict_last, verdict_undo
from tests.corpus.web.conftest import signed_in, wav
from tests.factories import PersonFactory, RecordingFactory, SpeakerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def takes(sentence, neutral, warm, speaker) -> list[Recording]:
    sounds = ((neutral, 140.0), (neutral, 150.0), (warm, 190.0))
    return [
        take_store(
            sentence=sentence, style=style, speaker=speaker, person=speaker.user,
            file=BytesIO(wav(f0)),
        )
        for style, f0 in sounds
    ]  # fmt: skip


@pytest.fixture
def client(reviewer):
    return signed_in(reviewer)


def shown(client: Any, **query: Any) -> Any:
    answer = client.get(reverse("listening"), query)
    assert answer.status_code == 200
    return answer.context


def judged(client: Any, take: Recording, state: str, reason: str = "", query: str = "") -> str:
    """Open the take in the queue, submit a verdict on it, and return the redirect."""
    seen = client.get(reverse("listening"), {"take": take.pk}).context["seen"]
    url = reverse("listening_judge", args=[take.pk])
    return client.post(f"{url}{query}", {"state": state, "reason": reason, "seen": seen}).url


def test_takes_come_oldest_first_with_links_to_next_and_previous(client, takes):
    first, second, third = takes
    page = shown(client)
    assert (page["take"], page["waiting"], page["previous"]) == (first, 3, None)
    assert page["following"].endswith(f"take={second.pk}")
    middle = shown(client, take=second.pk)
    assert middle["previous"].endswith(f"take={first.pk}")
    assert middle["following"].endswith(f"take={third.pk}")
    assert shown(client, take="none")["take"] == first


def test_a_verdict_leads_to_the_next_take_and_then_to_skipped_ones(client, takes, reviewer):
    first, second, third = takes
    assert judged(client, second, "accepted").endswith(f"take={third.pk}")
    assert judged(client, third, "rejected", "Too fast.").endswith(f"take={first.pk}")
    assert judged(client, first, "accepted") == reverse("listening")
    assert shown(client)["take"] is None
    verdicts = TakeVerdict.objects.order_by("pk").values_list("state", "reason", "person")
    assert list(verdicts) == [
        ("accepted", "", reviewer.pk),
        ("rejected", "Too fast.", reviewer.pk),
        ("accepted", "", reviewer.pk),
    ]


def test_rejecting_without_a_reason_is_refused(client, takes):
    assert judged(client, takes[1], "rejected").endswith(f"take={takes[1].pk}")
    assert TakeVerdict.objects.count() == 0
    assert list(client.get(reverse("listening")).context["messages"])


def test_another_reviewers_verdict_is_not_overwritten(client, takes, labeler):
    seen = shown(client, take=takes[0].pk)["seen"]
    take_judge(recording=takes[0], person=labeler, state="rejected", reason="Noise.")
    client.post(reverse("listening_judge", args=[takes[0].pk]), {"state": "accepted", "seen": seen})
    takes[0].refresh_from_db()
    assert (takes[0].state, TakeVerdict.objects.count()) == ("rejected", 1)
    assert "Entretanto" in str(*client.get(reverse("listening")).context["messages"])


def test_the_filters_of_the_queue_are_kept(client, takes):
    page = shown(client, style="amable")
    assert (page["take"], page["waiting"]) == (takes[2], 1)
    url = judged(client, takes[0], "accepted", query="?style=neutral")
    assert url.endswith(f"?style=neutral&take={takes[1].pk}")
    assert shown(client, speaker=SpeakerFactory().pk)["take"] is None


def test_takes_with_withdrawn_consent_are_not_in_the_queue(client, takes, speaker):
    speaker.withdrawn_at = timezone.now()
    speaker.save()
    assert shown(client)["take"] is None


def test_the_spectrogram_is_for_those_who_may_play_the_take(client, takes, speaker):
    url = reverse("take_spectrogram", args=[takes[0].pk])
    for person in (client, signed_in(speaker.user)):
        answer = person.get(url)
        assert answer["Content-Type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")
    stranger = SpeakerFactory(user__roles=["speaker"]).user
    assert signed_in(stranger).get(url).status_code == 404


def test_a_page_makes_few_queries(client, takes, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        shown(client, take=takes[1].pk)


def test_the_threshold_suggests_and_does_not_decide(client, takes, reviewer):
    take = takes[0]
    ProsodyScore.objects.filter(recording=take).update(quality=0.6)
    Recording.objects.all().rank()
    assert "badge" not in suggestion(client)
    for value, badge in ((0.6, "badge-good"), (0.61, "badge-warn")):
        threshold_set(value=value, person=reviewer)
        assert badge in suggestion(client)
    take.refresh_from_db()
    assert take.state == "pending"


def suggestion(client: Any) -> str:
    page = client.get(reverse("listening")).content.decode()
    return page.partition('id="verdict"')[2].partition("<form")[0]


def test_a_verdict_is_undone_and_the_take_waits_again(client, takes, reviewer):
    first, second, _third = takes
    judged(client, first, "rejected", "Too fast.", query="?style=neutral")
    assert shown(client)["mine"].recording == first
    undo = reverse("take_judge_undo", args=[first.pk])
    answer = client.post(f"{undo}?style=neutral", {"queue": "1"})
    assert answer.url.endswith(f"?style=neutral&take={first.pk}")
    assert shown(client, take=first.pk)["take"] == first
    verdicts = TakeVerdict.objects.order_by("pk").values_list("state", "reason", "undoes__state")
    assert list(verdicts) == [("rejected", "Too fast.", None), ("pending", "", "rejected")]
    assert shown(client)["mine"] is None
    judged(client, second, "accepted")
    assert shown(client, take=first.pk)["mine"].recording == second


def test_only_a_persons_own_latest_verdict_is_undone(client, takes, labeler, reviewer):
    take = takes[0]
    judged(client, take, "rejected", "Too fast.")
    take_judge(recording=take, person=labeler, state="accepted")
    assert verdict_last(person=reviewer) is None
    client.post(reverse("take_judge_undo", args=[take.pk]))
    take.refresh_from_db()
    assert (take.state, TakeVerdict.objects.count()) == ("accepted", 2)
    verdict_undo(recording=take, person=labeler)
    assert take.verdicts.get(undoes__isnull=False).reason == "Too fast."
    take.refresh_from_db()
    assert take.state == "rejected"
    page = client.get(reverse("take", args=[take.pk])).content.decode()
    assert undo_button(take) in page
    answer = client.post(reverse("take_judge_undo", args=[take.pk]))
    assert answer.url == reverse("take", args=[take.pk])
    assert undo_button(take) not in client.get(answer.url).content.decode()


def undo_button(take: Recording) -> str:
    return f'action="{reverse("take_judge_undo", args=[take.pk])}"'


@settings(max_examples=30, deadline=None)
@given(acts=st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["accepted", "rejected", ""]))))
def test_verdicts_and_undos_are_a_stack_and_every_action_is_kept(acts):
    with transaction.atomic():
        take, people = RecordingFactory(style__key="amable"), PersonFactory.create_batch(2)
        stack: list[tuple[int, str]] = []
        rows = 0
        for who, state in acts:
            if state:
                take_judge(recording=take, person=people[who], state=state)
                stack.append((who, state))
                rows += 1
            elif stack and stack[-1][0] == who:
                verdict_undo(recording=take, person=people[who])
                stack.pop()
                rows += 1
            else:
                with pytest.raises(VerdictConflict):
                    verdict_undo(recording=take, person=people[who])
            take.refresh_from_db()
            assert take.state == (stack[-1][1] if stack else "pending")
        assert TakeVerdict.objects.filter(recording=take).count() == rows
        transaction.set_rollback(True)
