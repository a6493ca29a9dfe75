"""Labels: appended, never overwritten unseen, undone; and their page."""

from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.models import LabelDecision, Sentence
from corpus.services.labels import LabelConflict, decisions_standing, label_set, label_undo
from tests.corpus.web.conftest import signed_in
from tests.factories import (
    AdjudicationFactory,
    CategoryFactory,
    LabelFactory,
    PersonFactory,
    SentenceFactory,
)

pytestmark = pytest.mark.django_db


def label_of(sentence: Sentence) -> str | None:
    sentences: Any = Sentence.objects.with_label()
    return sentences.get(pk=sentence.pk).label_key


def test_a_label_is_a_new_row_and_the_last_one_counts(sentence, neutral, warm, labeler):
    label_set(sentence=sentence, style=neutral, person=labeler)
    label_set(sentence=sentence, style=warm, person=labeler)
    assert label_of(sentence) == "amable"
    assert LabelDecision.objects.count() == 2


def test_a_repeated_label_appends_nothing(sentence, neutral, labeler):
    first = label_set(sentence=sentence, style=neutral, person=labeler)
    assert label_set(sentence=sentence, style=neutral, person=labeler) == first


def test_a_second_vote_is_kept_even_if_it_agrees(sentence, neutral, labeler, reviewer):
    label_set(sentence=sentence, style=neutral, person=labeler)
    label_set(sentence=sentence, style=neutral, person=reviewer)
    assert LabelDecision.objects.count() == 2


def test_a_label_changed_in_the_meantime_is_not_overwritten(sentence, neutral, warm, labeler):
    other = PersonFactory(first_name="Ana", last_name="Gil")
    label_set(sentence=sentence, style=warm, person=other)
    with pytest.raises(LabelConflict, match=r"Ana Gil.*Amable"):
        label_set(sentence=sentence, style=neutral, person=labeler, seen=None)
    assert label_of(sentence) == "amable"


def test_an_adjudicated_label_cannot_be_changed_by_labeling(
    sentence, neutral, warm, labeler, reviewer
):
    AdjudicationFactory(sentence=sentence, style=warm, person=reviewer)
    with pytest.raises(LabelConflict):
        label_set(sentence=sentence, style=neutral, person=labeler)
    assert label_of(sentence) == "amable"


def test_undo_restores_the_previous_label(sentence, neutral, warm, labeler):
    label_set(sentence=sentence, style=neutral, person=labeler)
    label_set(sentence=sentence, style=warm, person=labeler)
    label_undo(sentence=sentence, person=labeler)
    assert label_of(sentence) == "neutral"
    label_undo(sentence=sentence, person=labeler)
    assert label_of(sentence) is None
    with pytest.raises(LabelConflict):
        label_undo(sentence=sentence, person=labeler)
    assert LabelDecision.objects.count() == 4


def test_a_decision_is_undone_only_by_its_author(sentence, neutral, warm, labeler, reviewer):
    label_set(sentence=sentence, style=neutral, person=labeler)
    label_set(sentence=sentence, style=warm, person=reviewer)
    with pytest.raises(LabelConflict):
        label_undo(sentence=sentence, person=labeler)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=st.lists(st.tuples(st.booleans(), st.integers(0, 2)), max_size=8))
def test_the_label_is_the_latest_decision_not_undone(acts, neutral, warm, labeler, reviewer):
    """For any order of labels and undos by two people, stack and query agree."""
    sentence, model = SentenceFactory(), []
    people = (labeler, reviewer)
    for who, what in acts:
        person = people[who]
        if what == 2:
            try:
                label_undo(sentence=sentence, person=person)
            except LabelConflict:
                assert not model or model[-1][0] != person
            else:
                assert model.pop()[0] == person
        else:
            style = (neutral, warm)[what]
            before = LabelDecision.objects.count()
            label_set(sentence=sentence, style=style, person=person)
            if LabelDecision.objects.count() > before:
                model.append((person, style.key))
        assert label_of(sentence) == (model[-1][1] if model else None)
    said = Sentence.objects.get(pk=sentence.pk).latest_decision
    decisions = LabelDecision.objects.filter(sentence=sentence)
    assert said == max(decisions.values_list("pk", flat=True), default=0)
    Sentence.objects.filter(pk=sentence.pk).relabel()
    assert Sentence.objects.get(pk=sentence.pk).latest_decision == said
    assert [d.style.key for d in decisions_standing(sentence)] == [key for _, key in model]


def save(client: Any, sentence: Sentence, htmx: bool = True, **data: Any) -> Any:
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(reverse("label_save", args=[sentence.sentence_id]), data, headers=headers)


def test_choosing_a_style_on_the_page_saves_it_and_returns_the_row(
    sentence, neutral, warm, labeler
):
    answer = save(signed_in(labeler), sentence, style="amable", seen="")
    assert answer.status_code == 200
    assert label_of(sentence) == "amable"
    html = answer.content.decode()
    assert f'id="row-{sentence.sentence_id}"' in html
    assert 'hx-swap-oob="true"' in html  # the tally above the table
    assert "<html" not in html


def test_accepting_the_suggestion_is_recorded_as_its_source(sentence, neutral, warm, labeler):
    save(signed_in(labeler), sentence, accept="amable", seen="")
    assert LabelDecision.objects.get().source == "suggestion"


def test_a_conflict_is_shown_in_the_row(sentence, neutral, warm, labeler):
    LabelFactory(sentence=sentence, style=warm, person=PersonFactory(first_name="Ana"))
    answer = save(signed_in(labeler), sentence, style="neutral", seen="")
    assert answer.status_code == 409
    assert "Ana" in answer.content.decode()
    assert label_of(sentence) == "amable"


@pytest.mark.parametrize("data", [{"style": "nope"}, {"style": ""}, {}, {"style": "neu\0tral"}])
def test_an_invalid_choice_changes_nothing(data, sentence, neutral, labeler):
    assert save(signed_in(labeler), sentence, **data).status_code == 422
    assert label_of(sentence) is None


def test_without_javascript_the_form_returns_to_its_page(sentence, neutral, labeler):
    client = signed_in(labeler)
    back = reverse("label") + "?state=todo"
    answer = save(client, sentence, htmx=False, style="neutral", seen="", next=back)
    assert (answer.status_code, answer.url) == (302, back)
    away = save(client, sentence, htmx=False, style="neutral", next="https://elsewhere.example/")
    assert away.url == reverse("label")


def test_undo_in_the_page(sentence, neutral, labeler):
    client = signed_in(labeler)
    save(client, sentence, style="neutral", seen="")
    answer = client.post(
        reverse("label_undo", args=[sentence.sentence_id]), headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert label_of(sentence) is None


@pytest.fixture
def three_sentences(neutral, warm, labeler):
    numbers = CategoryFactory(key="numbers", name="Números")
    a = SentenceFactory(sentence_id="a-1", text="Buenos días a todos.")
    b = SentenceFactory(sentence_id="b-1", text="Son las tres.", category=numbers)
    c = SentenceFactory(sentence_id="c-1", text="Lo siento mucho.")
    LabelFactory(sentence=a, style=warm, person=labeler)
    LabelFactory(sentence=b, style=neutral)
    return a, b, c


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a-1", "b-1", "c-1"}),
        ("category=numbers", {"b-1"}),
        ("style=amable", {"a-1"}),
        ("state=todo", {"c-1"}),
        ("state=done", {"a-1", "b-1"}),
        ("state=mine", {"a-1"}),
        ("q=siento", {"c-1"}),
        ("q=B-1", {"b-1"}),
        ("q=%00", {"a-1", "b-1", "c-1"}),
        ("style=nope&page=-3", {"a-1", "b-1", "c-1"}),
        ("q=nowhere", set()),
    ],
)
def test_the_address_carries_the_filter(query, found, three_sentences, labeler):
    answer = signed_in(labeler).get(f"{reverse('label')}?{query}")
    assert {row["sentence"].sentence_id for row in answer.context["rows"]} == found


def test_the_latest_decision_comes_first_and_sentences_without_one_last(three_sentences, labeler):
    answer = signed_in(labeler).get(f"{reverse('label')}?sort=recent")
    assert [row["sentence"].sentence_id for row in answer.context["rows"]] == ["b-1", "a-1", "c-1"]


def test_others_read_the_labels_but_cannot_change_them(three_sentences, reviewer):
    html = signed_in(reviewer).get(reverse("label")).content.decode()
    assert "Buenos días" in html
    assert 'name="accept"' not in html


def test_the_page_makes_few_queries_for_any_number_of_rows(
    neutral, warm, labeler, django_assert_max_num_queries
):
    for n in range(40):
        LabelFactory(sentence=SentenceFactory(), style=warm if n % 2 else neutral)
    client = signed_in(labeler)
    with django_assert_max_num_queries(17):
        client.get(reverse("label"))
