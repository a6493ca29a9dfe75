"""Flags on sentences: a remark by somebody, resolved by somebody, nothing lost; and a selection."""

from typing import Any

import pytest
from django.urls import reverse

from corpus.models import LabelDecision, Sentence, SentenceFlag
from corpus.services.labels import FlagConflict, flag_resolve, label_set, sentence_flag
from tests.corpus.web.conftest import signed_in
from tests.factories import AdjudicationFactory, PersonFactory, SentenceFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_a_flag_is_added_filtered_and_resolved_and_both_rows_stay(
    sentence, neutral, labeler, reviewer
):
    SentenceFactory()
    client, url = signed_in(labeler), reverse("label_flag", args=[sentence.sentence_id])
    row = client.post(url, {"comment": "Falta una coma."}, headers=HTMX)
    assert "Falta una coma." in row.content.decode()
    flagged = client.get(f"{reverse('label')}?state=flagged")
    assert [row["sentence"] for row in flagged.context["rows"]] == [sentence]
    flag = SentenceFlag.objects.get()
    gone = signed_in(reviewer).post(reverse("label_flag_resolve", args=[flag.pk]), headers=HTMX)
    assert "Falta una coma." not in gone.content.decode()
    assert not client.get(f"{reverse('label')}?state=flagged").context["rows"]
    resolved = SentenceFlag.objects.get(resolves=flag)
    assert (flag.person, resolved.person) == (labeler, reviewer)
    again = client.post(reverse("label_flag_resolve", args=[flag.pk]), headers=HTMX)
    assert again.status_code == 409
    assert SentenceFlag.objects.count() == 2


def test_a_flag_needs_a_comment(sentence, labeler):
    url = reverse("label_flag", args=[sentence.sentence_id])
    assert signed_in(labeler).post(url, {"comment": " "}, headers=HTMX).status_code == 422
    with pytest.raises(FlagConflict):
        sentence_flag(sentence=sentence, person=labeler, comment="  ")
    assert not SentenceFlag.objects.exists()


def test_a_resolved_flag_is_not_resolved_again(sentence, labeler):
    flag = sentence_flag(sentence=sentence, person=labeler, comment="x")
    flag_resolve(flag=flag, person=labeler)
    with pytest.raises(FlagConflict):
        flag_resolve(flag=flag, person=labeler)


def test_who_votes_blind_sees_that_there_is_a_flag_but_not_what_it_says(
    settings, sentence, labeler
):
    settings.BLIND_SHARE = 1.0
    other = PersonFactory(first_name="Ana")
    sentence_flag(sentence=sentence, person=other, comment="Es amable, seguro.")
    page = signed_in(labeler).get(reverse("label")).content.decode()
    assert 'class="flags"' in page
    assert "seguro" not in page
    assert "Ana" not in page.partition('id="results"')[2]


def test_a_selection_is_labelled_at_once_leaves_others_choices_and_is_undone_at_once(
    neutral, warm, labeler, reviewer
):
    mine, free, theirs, settled = (SentenceFactory(sentence_id=f"g-{n}") for n in range(4))
    label_set(sentence=mine, style=warm, person=labeler)
    other = label_set(sentence=theirs, style=warm, person=PersonFactory(first_name="Ana"))
    AdjudicationFactory(sentence=settled, style=warm, person=reviewer)
    picks = ["g-0:", "g-1:", f"g-2:{other.pk}", "g-3:", "gone-1:"]
    client = signed_in(labeler)
    data = {"pick": picks, "style": "neutral", "query": "category=call-center"}
    answer = client.post(reverse("label_selection"), data)
    page = client.get(answer.url)
    batch = page.context["batch"]
    assert (batch["done"], batch["taken"], batch["refused"]) == (2, ["g-2"], ["g-3", "gone-1"])
    assert labels() == {"g-0": "neutral", "g-1": "neutral", "g-2": "amable", "g-3": "amable"}
    assert "category=call-center" in answer.url
    back = client.post(reverse("label_accept_undo"), {"batch": batch["id"], "next": "/label/?q=g"})
    assert back.url == "/label/?q=g"
    assert labels() == {"g-0": "amable", "g-1": None, "g-2": "amable", "g-3": "amable"}
    assert free.decisions.count() == 2


@pytest.mark.parametrize(
    "data",
    [
        {"style": "neutral"},
        {"pick": ["g-0:"]},
        {"pick": ["x"]},
        {"style": "neutral", "pick": ["g-0:", "g-0:x"]},
    ],
)
def test_a_selection_without_rows_or_style_changes_nothing(data, neutral, labeler):
    SentenceFactory(sentence_id="g-0")
    answer = signed_in(labeler).post(reverse("label_selection"), data, follow=True)
    assert len(answer.context["messages"]) == 1
    assert not LabelDecision.objects.exists()


def labels() -> dict[str, Any]:
    return dict(Sentence.objects.values_list("sentence_id", "label__key"))
