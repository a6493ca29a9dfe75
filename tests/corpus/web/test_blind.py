"""The blind share: one vote each, a label only by agreement or adjudication, derived outcomes."""

import json
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus import label_resolution
from corpus.models import LabelDecision, Sentence, draw
from corpus.services.labels import LabelConflict, label_adjudicate, label_set, label_undo
from tests.corpus.web.conftest import signed_in
from tests.factories import CategoryFactory, PersonFactory, RecordingFactory, SentenceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def blind(settings: Any) -> None:
    settings.BLIND_SHARE = 1.0


def label_and_standing(sentence: Sentence) -> tuple[str | None, str]:
    row: Any = Sentence.objects.with_label().get(pk=sentence.pk)
    return row.label_key, row.standing


def test_the_blind_draw_is_deterministic_and_uniform():
    assert draw("shcc-01") == pytest.approx(0.48914, abs=1e-5)
    share = sum(draw(f"s-{n}") < 0.2 for n in range(5000)) / 5000
    assert share == pytest.approx(0.2, abs=0.02)
    row = Sentence(sentence_id="b", text="b", category=CategoryFactory(), list="l")
    assert Sentence.objects.bulk_create([row])[0].draw == draw("b")


def test_a_labelers_export_leaves_out_what_they_judge_blind(
    settings, sentence, warm, neutral, labeler, reviewer
):
    seen = SentenceFactory()
    settings.BLIND_SHARE = 0.0
    for each in (sentence, seen):
        label_set(sentence=each, style=warm, person=PersonFactory())
        RecordingFactory(sentence=each, style=warm, state="accepted")
    settings.BLIND_SHARE = (draw(sentence.sentence_id) + draw(seen.sentence_id)) / 2
    hidden = min(sentence, seen, key=lambda one: draw(one.sentence_id))

    def exported(person: Any) -> dict[str, Any]:
        answer: Any = signed_in(person).get(reverse("corpus_export"))
        items = json.loads(b"".join(answer.streaming_content))
        return {item["sentence_id"]: (item["style_label"], item["recording"]) for item in items}

    both = PersonFactory(roles=["admin"])
    assert exported(labeler)[hidden.sentence_id] == (None, None)
    assert [label for label, _take in exported(labeler).values()].count("amable") == 1
    assert [label for label, _take in exported(both).values()] == ["amable", "amable"]
    assert signed_in(reviewer).get(reverse("corpus_export")).status_code == 403
    label_set(sentence=hidden, style=neutral, person=labeler)
    assert exported(labeler)[hidden.sentence_id][0] == exported(both)[hidden.sentence_id][0]


def test_two_equal_votes_make_a_label(blind, sentence, neutral, warm, labeler):
    label_set(sentence=sentence, style=warm, person=labeler)
    assert label_and_standing(sentence) == ("amable", "labelled")
    label_set(sentence=sentence, style=warm, person=PersonFactory(), seen=None)
    assert label_and_standing(sentence) == ("amable", "labelled")


def test_two_different_votes_make_no_label_until_adjudicated(
    blind, sentence, neutral, warm, labeler, reviewer
):
    label_set(sentence=sentence, style=warm, person=labeler)
    label_set(sentence=sentence, style=neutral, person=PersonFactory(), seen=None)
    assert label_and_standing(sentence) == (None, "disputed")
    label_adjudicate(sentence=sentence, style=neutral, person=reviewer, reason="§2 of the guide")
    assert label_and_standing(sentence) == ("neutral", "settled")
    with pytest.raises(LabelConflict):
        label_set(sentence=sentence, style=neutral, person=labeler)


def test_a_changed_vote_ends_the_dispute_but_is_not_counted_as_independent(
    blind, sentence, neutral, warm, labeler
):
    other = PersonFactory()
    label_set(sentence=sentence, style=warm, person=labeler)
    label_set(sentence=sentence, style=neutral, person=other)
    label_set(sentence=sentence, style=neutral, person=labeler)
    assert label_and_standing(sentence) == ("neutral", "labelled")
    votes = LabelDecision.objects.independent()[sentence.pk]
    assert votes == {labeler.pk: warm.pk, other.pk: neutral.pk}


def test_undoing_a_vote_restores_the_persons_own_earlier_one(
    blind, sentence, neutral, warm, labeler
):
    label_set(sentence=sentence, style=warm, person=labeler)
    label_set(sentence=sentence, style=neutral, person=PersonFactory())
    label_undo(sentence=sentence, person=labeler)
    assert label_and_standing(sentence) == ("neutral", "labelled")
    assert set(LabelDecision.objects.independent()[sentence.pk]) != {labeler.pk}


def test_only_disputed_sentences_are_adjudicated(sentence, neutral, labeler, reviewer):
    label_set(sentence=sentence, style=neutral, person=labeler)
    with pytest.raises(LabelConflict):
        label_adjudicate(sentence=sentence, style=neutral, person=reviewer, reason="x")


def test_a_changed_share_does_not_change_earlier_votes(settings, sentence, neutral, warm, labeler):
    settings.BLIND_SHARE = 1.0
    label_set(sentence=sentence, style=warm, person=labeler)
    settings.BLIND_SHARE = 0.0
    label_set(sentence=sentence, style=neutral, person=PersonFactory())
    assert label_and_standing(sentence) == (None, "disputed")


def test_a_sentence_waits_for_people_whose_vote_it_lacks(settings, neutral, warm, labeler):
    shared, double = SentenceFactory(sentence_id="shcc-01"), SentenceFactory(sentence_id="s-12")
    assert draw("s-12") < 0.2 < draw("shcc-01")
    settings.BLIND_SHARE = 0.2
    second, third = PersonFactory(), PersonFactory()

    def waits(person: Any) -> set[str]:
        return set(Sentence.objects.waiting_for(person).values_list("sentence_id", flat=True))

    label_set(sentence=shared, style=warm, person=labeler)
    label_set(sentence=double, style=warm, person=labeler)
    assert (waits(labeler), waits(second)) == (set(), {"s-12"})
    assert set(Sentence.objects.seen_by(second)) == {shared}
    label_set(sentence=double, style=warm, person=second)
    assert waits(third) == set()
    assert set(Sentence.objects.seen_by(second)) == {shared, double}


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), max_size=10))
def test_the_stored_outcome_of_a_sentence_equals_the_derived_one(
    acts, settings, neutral, warm, labeler, reviewer
):
    """Any order of labels, undos and share changes: the stored outcome is the derived one."""
    sentence, people = SentenceFactory(), (labeler, reviewer, PersonFactory())
    for who, what, hidden in acts:
        settings.BLIND_SHARE = float(hidden)
        try:
            if what == 2:
                label_undo(sentence=sentence, person=people[who])
            else:
                label_set(sentence=sentence, style=(neutral, warm)[what], person=people[who])
        except LabelConflict:
            pass
    kept = Sentence.objects.values_list("label", "standing", "votes").get(pk=sentence.pk)
    rows = sentence.decisions.order_by("pk").values_list("person", "style", "source", "blind")
    assert kept == tuple(label_resolution.outcome([label_resolution.Said(*row) for row in rows]))
    Sentence.objects.filter(pk=sentence.pk).relabel()
    assert Sentence.objects.values_list("label", "standing", "votes").get(pk=sentence.pk) == kept
