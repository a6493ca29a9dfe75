"""Agreement compared with known values; disputes, accepting a whole filter, progress."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.urls import reverse
from sklearn.metrics import cohen_kappa_score

from corpus.agreement import alpha, kappas
from corpus.models import Adjudication, AgreementReport, LabelDecision, Sentence
from corpus.services.agreements import agreement_current
from corpus.services.label_progress import labels_an_hour
from corpus.services.labels import label_set
from corpus.tasks import agreement_measure
from tests.corpus.web.conftest import signed_in
from tests.factories import PersonFactory, SentenceFactory

TEXTBOOK = (  # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", nominal: 0.743
    "1,2,3,3,2,1,4,1,2,.,.,.",
    "1,2,3,3,2,2,4,1,2,5,.,3",
    ".,3,3,3,2,3,4,2,2,5,1,.",
    "1,2,3,3,2,4,4,1,2,5,1,.",
)  # fmt: skip


def textbook() -> dict[int, dict[int, int]]:
    columns = list(zip(*(row.split(",") for row in TEXTBOOK), strict=True))
    return {
        n: {who: int(vote) for who, vote in enumerate(column) if vote != "."}
        for n, column in enumerate(columns)
    }


def test_alpha_equals_the_textbook_value_and_lies_in_its_interval():
    found = alpha(textbook(), resamples=199)
    assert found.value == pytest.approx(0.743, abs=0.001)
    assert found.low < found.value <= found.high <= 1
    assert found.n == 11


def test_kappa_of_each_pair_equals_that_of_scikit_learn_on_common_votes():
    random = Random(3)  # noqa: S311
    votes = {n: {1: random.randint(1, 3), 2: random.randint(1, 3)} for n in range(60)}
    votes |= {n: {1: 1, 5: 2} for n in range(60, 70)}
    found = kappas(votes, resamples=99)
    both = [vote for vote in votes.values() if 2 in vote]
    expected = cohen_kappa_score([vote[1] for vote in both], [vote[2] for vote in both])
    assert found[1, 2].value == pytest.approx(expected)
    assert found[1, 2].low < expected < found[1, 2].high
    assert set(found) == {(1, 2), (1, 5)}


def test_without_a_second_vote_agreement_is_not_measured():
    assert alpha({1: {1: 1}}) is None
    assert kappas({1: {1: 1}}) == {}


def test_if_all_labels_are_equal_agreement_is_undefined():
    found = alpha({n: {1: 1, 2: 1} for n in range(9)})
    assert found.value != found.value


def test_labels_an_hour_excludes_pauses():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    seconds = [0, 10, 20, 30, 3000, 3010]
    assert labels_an_hour([start + timedelta(seconds=s) for s in seconds]) == pytest.approx(360)
    assert labels_an_hour([start]) is None


@pytest.fixture
def disputed(db, settings, sentence, neutral, warm, labeler) -> Any:
    settings.BLIND_SHARE = 1.0
    label_set(sentence=sentence, style=warm, person=labeler)
    label_set(sentence=sentence, style=neutral, person=PersonFactory(first_name="Ana"))
    return sentence


def test_a_dispute_is_shown_and_adjudicated_with_a_reason(disputed, reviewer):
    client = signed_in(reviewer)
    page = client.get(reverse("label_disputes")).content.decode()
    assert "Ana" not in page  # no names before the decision
    assert disputed.text in page
    address = reverse("adjudicate", args=[disputed.sentence_id])
    client.post(address, {"style": "amable", "reason": " "})
    assert not Adjudication.objects.exists()
    client.post(address, {"style": "amable", "reason": "saludo"})
    act = Adjudication.objects.get()
    assert (act.style.key, act.person, act.reason) == ("amable", reviewer, "saludo")
    assert "saludo" in client.get(reverse("label_disputes")).content.decode()
    assert Sentence.objects.get(pk=disputed.pk).label.key == "amable"


def test_in_the_table_labelers_see_their_own_vote_of_a_dispute_and_undo_it(
    disputed, labeler, reviewer
):
    client = signed_in(labeler)
    [row] = client.get(reverse("label")).context["rows"]
    assert (row["label"], row["disputed"], row["can_undo"]) == ("amable", True, True)
    client.post(reverse("label_undo", args=[disputed.sentence_id]))
    assert Sentence.objects.get(pk=disputed.pk).label.key == "neutral"
    [row] = signed_in(reviewer).get(reverse("label")).context["rows"]
    assert row["label"] == "neutral"


def test_a_dispute_is_hidden_from_labelers_who_label_blind(disputed, labeler, reviewer):
    def found(person: Any) -> int:
        return len(signed_in(person).get(f"{reverse('label')}?state=disputed").context["rows"])

    blind = PersonFactory(roles=["labeler"])
    assert [found(person) for person in (reviewer, labeler, blind)] == [1, 1, 0]


def test_agreement_is_computed_by_a_worker_and_stored(disputed, warm, labeler, monkeypatch):
    sent: list[str] = []
    monkeypatch.setattr("celery.current_app.send_task", sent.append)
    for sentence in SentenceFactory.create_batch(3):
        for person in (labeler, PersonFactory()):
            label_set(sentence=sentence, style=warm, person=person)
    client = signed_in(labeler)
    assert 'hx-trigger="load' in client.get(reverse("agreement")).content.decode()
    agreement_measure()
    report, fresh = agreement_current()
    assert fresh
    assert report.figures["alpha"]["n"] == 4
    page = client.get(reverse("agreement")).content.decode()
    assert "hx-trigger" not in page
    assert "Ana" in page
    label_set(sentence=SentenceFactory(), style=warm, person=labeler)
    assert agreement_current() == (report, False)
    assert AgreementReport.objects.count() == 1


def test_progress_of_each_person(disputed, labeler, django_assert_max_num_queries):
    client = signed_in(labeler)
    with django_assert_max_num_queries(15):
        answer = client.get(reverse("label_people"))
    assert (answer.context["without_style"].n, answer.context["disputed"].n) == (0, 1)
    assert answer.context["categories"][0]["disputed"] == 1
    assert [row["total"] for row in answer.context["people"]] == [1, 1]


@pytest.fixture
def waiting(neutral, warm, labeler) -> list[Any]:
    rows = [SentenceFactory(sentence_id=f"g-{n}") for n in range(4)]  # greetings: amable
    label_set(sentence=rows[0], style=neutral, person=labeler)
    return [*rows, SentenceFactory(sentence_id="f-1", kind="fact", text="Son las tres.")]


def labels() -> dict[str, str | None]:
    return dict(Sentence.objects.values_list("sentence_id", "label__key"))


def test_a_whole_filter_is_counted_accepted_and_undone_as_one(waiting, labeler):
    client, query = signed_in(labeler), "category=call-center&q=g-"
    counted = client.get(f"{reverse('label_accept')}?{query}")
    assert counted.context["n"] == 3
    answer = client.post(reverse("label_accept"), {"query": query})
    batch = answer.url.rpartition("accepted=")[2]
    assert labels() == {
        "g-0": "neutral",
        **dict.fromkeys(("g-1", "g-2", "g-3"), "amable"),
        "f-1": None,
    }
    assert batch in client.get(answer.url).content.decode()
    label_set(sentence=waiting[1], style=waiting[0].decisions.get().style, person=PersonFactory())
    client.post(reverse("label_accept_undo"), {"batch": batch})
    assert labels() == {"g-0": "neutral", "g-1": "neutral", "g-2": None, "g-3": None, "f-1": None}
    assert LabelDecision.objects.filter(source="undo").count() == 2


def test_a_batch_is_undone_only_by_its_author(waiting, labeler):
    answer = signed_in(labeler).post(reverse("label_accept"), {"query": ""})
    batch = answer.url.rpartition("accepted=")[2]
    other = signed_in(PersonFactory(roles=["labeler"]))
    for wrong in (batch, "x", ""):
        assert other.post(reverse("label_accept_undo"), {"batch": wrong}).status_code == 302
    assert None not in labels().values()


def test_the_web_process_does_not_compute_agreement():
    script = (
        "import sys; from voicelab.wsgi import application; import corpus.views.agreement;"
        "print(*[m for m in ('sklearn', 'krippendorff', 'scipy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (found.returncode, found.stdout.split()) == (0, [])
