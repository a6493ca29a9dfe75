"""A second person's choice: asked about, never saved over another's; what each answer does."""

from typing import Any

import pytest
from django.urls import reverse

from corpus.label_resolution import Said, outcome
from corpus.models import LabelDecision, Sentence
from corpus.services.labels import (
    MAKE_DISPUTE,
    REPLACE,
    LabelConflict,
    LabelTaken,
    label_adjudicate,
    label_set,
    label_undo,
)
from tests.corpus.web.conftest import signed_in
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(db: None) -> Any:
    return PersonFactory(username="ana", first_name="Ana", roles=["labeler"])


@pytest.fixture
def taken(sentence: Any, warm: Any, ana: Any) -> LabelDecision:
    return label_set(sentence=sentence, style=warm, person=ana)


def told(sentence: Sentence) -> tuple[str | None, str]:
    row: Any = Sentence.objects.with_label().get(pk=sentence.pk)
    return row.label_key, row.standing


def save(person: Any, sentence: Any, *, htmx: bool = True, **data: Any) -> Any:
    headers = {"HX-Request": "true"} if htmx else {}
    url = reverse("label_save", args=[sentence.sentence_id])
    return signed_in(person).post(url, data, headers=headers)


@pytest.mark.parametrize("seen", ["now", "before"])
def test_even_a_choice_that_was_seen_is_not_overwritten_without_an_answer(
    seen, taken, sentence, neutral, labeler
):
    shown = taken.pk if seen == "now" else None
    with pytest.raises(LabelTaken, match=r"Ana.*Amable") as asked:
        label_set(sentence=sentence, style=neutral, person=labeler, seen=shown)
    assert (asked.value.style, asked.value.newest) == (taken.style, taken.pk)
    assert told(sentence) == ("amable", "labelled")
    assert LabelDecision.objects.count() == 1


def test_replacing_saves_ones_own_and_its_undo_restores_theirs(taken, sentence, neutral, labeler):
    given: Any = {"sentence": sentence, "style": neutral, "person": labeler}
    label_set(**given, seen=taken.pk, instead=REPLACE)
    assert told(sentence) == ("neutral", "labelled")
    label_undo(sentence=sentence, person=labeler)
    assert told(sentence) == ("amable", "labelled")


def test_what_was_not_seen_cannot_be_replaced(taken, sentence, neutral, labeler, ana):
    label_set(sentence=sentence, style=neutral, person=ana)
    for instead in (REPLACE, MAKE_DISPUTE):
        with pytest.raises(LabelTaken, match="Neutral"):
            label_set(
                sentence=sentence,
                style=taken.style,
                person=labeler,
                seen=taken.pk,
                instead=instead,
            )
    assert told(sentence) == ("neutral", "labelled")


def test_a_dispute_waits_for_somebody_who_is_no_part_of_it(
    taken, sentence, neutral, labeler, ana, reviewer
):
    given: Any = {"sentence": sentence, "style": neutral, "person": labeler}
    label_set(**given, seen=taken.pk, instead=MAKE_DISPUTE)
    assert told(sentence) == (None, "disputed")
    assert LabelDecision.objects.latest().blind is False
    for part in (labeler, ana):
        with pytest.raises(LabelConflict, match=r"somebody else|otra persona"):
            label_adjudicate(sentence=sentence, style=neutral, person=part, reason="mine")
    label_adjudicate(sentence=sentence, style=neutral, person=reviewer, reason="§2")
    assert told(sentence) == ("neutral", "settled")


def test_a_dispute_ends_when_one_side_agrees_or_takes_it_back(
    taken, sentence, neutral, warm, labeler, ana
):
    given: Any = {"sentence": sentence, "person": labeler}
    label_set(**given, style=neutral, seen=taken.pk, instead=MAKE_DISPUTE)
    label_undo(**given)
    assert told(sentence) == ("amable", "labelled")
    newest = LabelDecision.objects.latest().pk
    label_set(**given, style=neutral, seen=newest, instead=MAKE_DISPUTE)
    assert told(sentence) == (None, "disputed")
    label_set(sentence=sentence, style=neutral, person=ana, seen=None)  # one's own vote
    assert told(sentence) == ("neutral", "labelled")


def test_undoing_the_disputed_choice_brings_ones_earlier_one_back_and_settles_nothing():
    said = [
        Said(1, 10, "person", False),
        Said(1, 20, "person", False),
        Said(2, 30, "dispute", False),
        Said(1, None, "undo", False),
    ]
    assert outcome(said) == (None, "disputed", 2)
    assert outcome([*said, Said(1, None, "undo", False)]) == (30, "labelled", 1)


def test_what_was_replaced_before_a_dispute_is_no_vote_in_it():
    said = [
        Said(1, 10, "person", False),
        Said(2, 20, "person", False),
        Said(3, 10, "dispute", False),
    ]
    assert outcome(said) == (None, "disputed", 3)
    assert outcome([*said, Said(3, None, "undo", False)]) == (20, "labelled", 2)


def test_agreeing_with_another_is_saved_without_a_question(taken, sentence, warm, labeler):
    label_set(sentence=sentence, style=warm, person=labeler, seen=None)
    assert LabelDecision.objects.count() == 2


def test_undoing_ones_replacement_does_not_make_the_others_choice_ones_own(
    taken, sentence, neutral, labeler
):
    given: Any = {"sentence": sentence, "style": neutral, "person": labeler}
    label_set(**given, seen=taken.pk, instead=REPLACE)
    undone = label_undo(sentence=sentence, person=labeler)
    with pytest.raises(LabelTaken):
        label_set(**given, seen=undone.pk)


def test_the_row_asks_and_its_buttons_answer(taken, sentence, neutral, warm, labeler):
    asked = save(labeler, sentence, style="neutral", seen="")
    html = asked.content.decode()
    assert asked.status_code == 409
    assert "Ana" in html
    assert f'name="seen" value="{taken.pk}"' in html
    assert html.count('name="instead"') == 2
    answered = save(labeler, sentence, style="neutral", seen=taken.pk, instead="dispute")
    assert answered.status_code == 200
    assert told(sentence) == (None, "disputed")
    assert "Ana" not in answered.content.decode()  # no names before the decision
    assert save(labeler, sentence, style="neutral", instead="nope").status_code == 422


def test_without_javascript_the_question_is_a_page(taken, sentence, neutral, labeler):
    asked = save(labeler, sentence, htmx=False, style="neutral", seen="", next="/label/?q=a")
    assert asked.status_code == 409
    assert 'href="/label/?q=a"' in asked.content.decode()
    save(labeler, sentence, htmx=False, style="neutral", seen=taken.pk, instead="replace")
    assert told(sentence) == ("neutral", "labelled")


def test_one_by_one_asks_too(taken, sentence, neutral, labeler):
    client, url = signed_in(labeler), reverse("focus_save", args=[sentence.sentence_id])
    headers = {"Accept": "application/json"}
    asked = client.post(url, {"style": "neutral", "seen": ""}, headers=headers)
    assert (asked.status_code, asked.json()["newest"]) == (409, taken.pk)
    data = {"style": "neutral", "seen": taken.pk, "instead": "replace"}
    assert client.post(url, data, headers=headers).status_code == 200
    assert told(sentence) == ("neutral", "labelled")


def test_who_votes_blind_is_asked_nothing_and_learns_nothing(
    settings, sentence, neutral, warm, labeler, ana
):
    settings.BLIND_SHARE = 1.0
    label_set(sentence=sentence, style=warm, person=ana)
    for data in ({"style": "neutral", "seen": ""}, {"style": "nope"}):
        page = save(labeler, sentence, **data).content.decode()
        assert "Ana" not in page
    assert told(sentence) == (None, "disputed")
