"""A take's quality does not drift: its baseline is stored, an accepted take keeps its score."""

from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from corpus.models import ProsodyScore, Recording
from corpus.services import take_scores
from corpus.services.take_scores import rescore_preview, takes_rescore
from corpus.services.takes import take_store
from corpus.services.verdicts import take_judge, verdict_undo
from corpus.tasks import waiting_rescore
from tests.corpus.web.conftest import signed_in, wav
from tests.factories import SentenceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def keep(neutral, warm, speaker):
    def store(style: Any, f0_hz: float) -> Recording:
        return take_store(
            sentence=SentenceFactory(syllables=10),
            style=style,
            speaker=speaker,
            person=speaker.user,
            file=BytesIO(wav(f0_hz)),
        )

    return store


def newest(take: Recording) -> ProsodyScore:
    return take.prosody_scores.latest("pk")


def test_the_baseline_a_take_was_evaluated_with_is_stored_with_its_score(keep, neutral, warm):
    alone = keep(warm, 180.0)
    assert newest(alone).baseline == {"takes": 0}
    keep(neutral, 150.0)
    stored = newest(keep(warm, 190.0)).baseline
    assert stored["takes"] == 1
    assert stored["pitch_hz"] == pytest.approx(150, rel=0.05)
    assert newest(alone).baseline == stored  # it waits still: scored again


def test_a_request_scores_some_waiting_takes_again_and_tasks_the_rest(
    keep, neutral, warm, reviewer, monkeypatch, django_capture_on_commit_callbacks
):
    sent: list[dict[str, int]] = []
    monkeypatch.setattr(take_scores, "AT_ONCE", 1)
    monkeypatch.setattr("celery.current_app.send_task", lambda _name, kwargs: sent.append(kwargs))
    waiting = [keep(warm, f0) for f0 in (180.0, 185.0)]

    def takes_compared_with():
        return [newest(take).baseline["takes"] for take in waiting]

    with django_capture_on_commit_callbacks(execute=True):
        first = keep(neutral, 150.0)
    assert takes_compared_with() == [1, 0]
    while sent:
        with django_capture_on_commit_callbacks(execute=True):
            waiting_rescore(**sent.pop())
    assert takes_compared_with() == [1, 1]
    ProsodyScore.objects.update(baseline={"takes": 7})
    take_judge(recording=first, person=reviewer, state="accepted")
    assert takes_compared_with() == [7, 7]  # it was one of the neutral takes, and is
    take_judge(recording=first, person=reviewer, state="rejected", reason="no")
    assert takes_compared_with() == [0, 7]


def test_an_accepted_take_keeps_its_score_when_the_baseline_moves(keep, neutral, warm, reviewer):
    keep(neutral, 150.0)
    accepted, sent_back, waiting = (keep(warm, f0) for f0 in (180.0, 181.0, 182.0))
    take_judge(recording=accepted, person=reviewer, state="accepted")
    take_judge(recording=sent_back, person=reviewer, state="rejected", reason="no")
    before = [newest(take) for take in (accepted, sent_back, waiting)]
    keep(neutral, 220.0)
    after = [newest(take) for take in (accepted, sent_back, waiting)]
    same = [old.quality == new.quality for old, new in zip(before, after, strict=True)]
    assert same == [True, True, False]
    assert [score.baseline["takes"] for score in after] == [1, 1, 2]


def test_a_verdict_taken_back_scores_the_take_by_the_voice_of_now(keep, neutral, warm, reviewer):
    keep(neutral, 150.0)
    take = keep(warm, 180.0)
    take_judge(recording=take, person=reviewer, state="accepted")
    keep(neutral, 220.0)
    verdict_undo(recording=take, person=reviewer)
    assert newest(take).baseline["takes"] == 2


def test_scoring_accepted_takes_again_shows_the_difference_and_keeps_the_old_score(
    keep, neutral, warm, reviewer, speaker
):
    keep(neutral, 150.0)
    moved, same = keep(warm, 180.0), keep(warm, 182.0)
    for take in (moved, same):
        take_judge(recording=take, person=reviewer, state="accepted")
    assert rescore_preview(speaker) == ([], None)
    keep(neutral, 220.0)
    before = newest(moved)
    client, url = signed_in(reviewer), reverse("takes_rescore", args=[speaker.pk])
    rows = client.get(url).context["rows"]
    assert {row.score.recording_id for row in rows} == {moved.pk, same.pk}
    assert all(row.difference for row in rows)
    assert client.post(url, {"take": [str(moved.pk), "x"]}).status_code == 400
    assert moved.prosody_scores.count() == 1
    client.post(url, {"take": [str(moved.pk), "999999"]})
    again, kept = moved.prosody_scores.all()
    assert (kept.pk, kept.quality) == (before.pk, before.quality)
    assert (again.rescored_by, again.baseline["takes"]) == (reviewer, 2)
    assert same.prosody_scores.count() == 1
    assert [row.score.recording_id for row in rescore_preview(speaker)[0]] == [same.pk]
    page = client.get(reverse("take", args=[moved.pk])).content.decode()
    assert "reviewer" in page.partition('id="quality"')[2].partition("</section>")[0]


def test_waiting_takes_are_not_scored_again_by_hand(keep, neutral, warm, reviewer, speaker):
    take = keep(warm, 180.0)
    assert takes_rescore(speaker=speaker, takes=[take.pk], person=reviewer) == 0


@pytest.mark.django_db(transaction=True)
def test_scores_of_before_have_an_unknown_baseline_and_the_page_says_so(keep, warm, reviewer):
    take = keep(warm, 180.0)
    MigrationExecutor(connection).migrate([("corpus", "0001_squashed_2026_11")])
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM corpus_prosodyscore")
            assert cursor.fetchone() == (1,)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert newest(take).baseline is None
    page = signed_in(reviewer).get(reverse("take", args=[take.pk])).content.decode()
    assert "baseline-unknown" in page
