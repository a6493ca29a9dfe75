"""The focus view: what it sends, saves and undoes, for scripts and for plain forms."""

from typing import Any

import pytest
from django.urls import reverse

from corpus.models import LabelDecision, Sentence
from corpus.services.labels import label_set
from tests.corpus.web.conftest import signed_in
from tests.factories import LabelFactory, PersonFactory, SentenceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sentences(neutral, warm) -> list[Any]:
    return [SentenceFactory(sentence_id=f"s-{n:02}") for n in range(45)]


def ask(client: Any, query: str = "") -> list[dict[str, Any]]:
    return client.get(f"{reverse('focus_next')}?{query}").json()["items"]


def save(client: Any, sentence_id: str, script: bool = True, **data: Any) -> Any:
    headers = {"Accept": "application/json"} if script else {}
    return client.post(reverse("focus_save", args=[sentence_id]), data, headers=headers)


def undo(client: Any) -> Any:
    return client.post(reverse("focus_undo"), headers={"Accept": "application/json"})


def test_the_queue_comes_in_parts_without_gaps_or_repeats(sentences, labeler):
    client, seen, after = signed_in(labeler), [], ""
    while items := ask(client, f"after={after}"):
        seen += [item["id"] for item in items]
        after = items[-1]["at"]
    assert seen == [sentence.sentence_id for sentence in sentences]


@pytest.mark.parametrize("after", ["x", "1", "1.", "-1.2", "9" * 40 + ".1", "%00.1"])
def test_an_invalid_position_starts_at_the_beginning(after, sentences, labeler):
    assert ask(signed_in(labeler), f"after={after}")[0]["id"] == "s-00"


def test_only_waiting_sentences_are_shown_unless_the_filter_says_otherwise(
    sentences, warm, labeler
):
    LabelFactory(sentence=sentences[0], style=warm)
    client = signed_in(labeler)
    assert ask(client)[0]["id"] == "s-01"
    assert [item["id"] for item in ask(client, "state=done")] == ["s-00"]
    assert client.get(reverse("focus")).context["left"] == 44


def test_a_key_press_saves_person_and_source(sentences, warm, labeler):
    client = signed_in(labeler)
    assert save(client, "s-00", style="amable", seen="").json().keys() == {"saved"}
    assert save(client, "s-01", accept="amable", seen="").status_code == 200
    rows = LabelDecision.objects.order_by("pk").values_list("person", "style", "source")
    assert list(rows) == [(labeler.pk, warm.pk, "person"), (labeler.pk, warm.pk, "suggestion")]


def test_a_repeated_request_is_one_decision(sentences, labeler):
    client = signed_in(labeler)
    first = save(client, "s-00", style="amable", seen="").json()
    assert save(client, "s-00", style="amable", seen="").json() == first


def test_a_conflict_returns_the_current_sentence(sentences, neutral, labeler):
    ana = PersonFactory(first_name="Ana")
    decision = label_set(sentence=sentences[0], style=neutral, person=ana)
    answer = save(signed_in(labeler), "s-00", style="amable", seen="")
    assert answer.status_code == 409
    assert "Ana" in answer.json()["problem"]
    assert (answer.json()["item"]["label"], answer.json()["item"]["seen"]) == (
        "neutral",
        decision.pk,
    )


@pytest.mark.parametrize("data", [{}, {"style": "nope"}])
def test_an_invalid_choice_is_refused(data, sentences, labeler):
    answer = save(signed_in(labeler), "s-00", **data)
    assert answer.status_code == 422
    assert answer.json()["problem"]
    assert not LabelDecision.objects.exists()


def test_the_last_ten_are_undone_one_by_one_in_a_new_session_too(sentences, labeler):
    client = signed_in(labeler)
    for sentence in sentences[:12]:
        save(client, sentence.sentence_id, style="amable", seen="")
    client = signed_in(labeler)
    back = [undo(client).json()["item"]["id"] for _ in range(10)]
    assert back == [f"s-{n:02}" for n in range(11, 1, -1)]
    assert Sentence.objects.filter(label__isnull=False).count() == 2


def test_a_decision_changed_by_others_is_kept_and_the_one_before_is_undone(
    sentences, neutral, labeler
):
    client = signed_in(labeler)
    for n in (0, 1):
        save(client, f"s-0{n}", style="amable", seen="")
    label_set(sentence=sentences[1], style=neutral, person=PersonFactory())
    assert undo(client).json()["item"]["id"] == "s-00"
    assert undo(client).status_code == 409


def test_blind_labelers_see_nothing_of_others(settings, sentences, warm, neutral, labeler):
    settings.BLIND_SHARE = 1.0
    label_set(sentence=sentences[0], style=warm, person=PersonFactory(first_name="Ana"))
    client = signed_in(labeler)
    item = ask(client)[0]
    assert (item["id"], item["label"], item["seen"]) == ("s-00", None, None)
    table = client.get(f"{reverse('label')}?q=s-00")
    assert "Ana" not in table.content.decode().split("<tbody>")[1]
    assert not client.get(f"{reverse('label')}?style=amable").context["rows"]
    assert save(client, "s-00", style="neutral", seen="").status_code == 200
    [row] = client.get(f"{reverse('label')}?q=s-00").context["rows"]
    assert (row["hidden"], row["disputed"]) == (False, True)


def test_plain_forms_work_too(sentences, labeler):
    client = signed_in(labeler)
    answer = save(client, "s-00", script=False, style="amable", query="category=call-center")
    assert (answer.status_code, answer.url) == (302, f"{reverse('focus')}?category=call-center")
    assert client.post(reverse("focus_undo")).status_code == 302
    assert client.post(reverse("focus_undo"), follow=True).context["messages"]
    assert Sentence.objects.filter(label__isnull=False).count() == 0


def test_the_page_works_without_scripts(sentences, labeler):
    html = signed_in(labeler).get(reverse("focus")).content.decode()
    assert reverse("focus_save", args=["s-00"]) in html
    assert html.count('name="style"') == 2


def test_few_queries_for_any_number_of_sentences(sentences, labeler, django_assert_max_num_queries):
    client = signed_in(labeler)
    with django_assert_max_num_queries(13):
        client.get(reverse("focus"))
    with django_assert_max_num_queries(8):
        ask(client)
    with django_assert_max_num_queries(12):
        save(client, "s-00", style="amable", seen="")
