"""Each take has its newest quality, and one of a speaker's takes of a sentence is the best."""

from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from corpus.models import Recording, Sentence, StyleLabel
from corpus.services.counts import to_record, to_record_by_style
from corpus.services.labels import label_set, label_undo
from corpus.services.sentences import sentence_supersede
from corpus.services.speakers import consent_give, consent_withdraw
from corpus.services.verdicts import take_judge, verdict_undo
from tests.factories import (
    LabelFactory,
    PersonFactory,
    ProsodyScoreFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
    StyleFactory,
)

pytestmark = pytest.mark.django_db


def best() -> list[int]:
    return list(Recording.objects.filter(is_best=True).order_by("pk").values_list("pk", flat=True))


@pytest.fixture
def takes(neutral: StyleLabel) -> list[Any]:
    """Three takes of one labelled sentence by one speaker, with the qualities 0.9, 0.5 and 0.7."""
    sentence: Any = LabelFactory(style=neutral).sentence
    speaker = SpeakerFactory()
    made: list[Any] = [
        RecordingFactory(sentence=sentence, style=neutral, speaker=speaker) for _ in range(3)
    ]
    for take, quality in zip(made, (0.9, 0.5, 0.7), strict=True):
        ProsodyScoreFactory(recording=take, quality=quality)
    return made


def test_the_best_take_is_accepted_then_of_the_highest_quality(takes: list[Any]) -> None:
    reviewer, (first, second, third) = PersonFactory(roles=["reviewer"]), takes
    assert best() == [third.pk]  # none is accepted: the newest
    take_judge(recording=second, person=reviewer, state="accepted")
    assert best() == [second.pk]
    take_judge(recording=third, person=reviewer, state="accepted")
    assert best() == [third.pk]
    ProsodyScoreFactory(recording=third, quality=0.4)  # measured again: the newest score counts
    assert best() == [second.pk]
    verdict_undo(recording=second, person=reviewer)
    for take in takes:
        take_judge(recording=take, person=reviewer, state="rejected", reason="Ruido.")
    assert best() == []
    other: Any = RecordingFactory(sentence=first.sentence, style=first.style)
    assert best() == [other.pk]


def test_another_label_makes_other_takes_the_best(takes: list[Any]) -> None:
    warm, labeler = StyleFactory(key="amable"), PersonFactory(roles=["labeler"])
    sentence, speaker = takes[0].sentence, takes[0].speaker
    spoken_warmly: Any = RecordingFactory(sentence=sentence, style=warm, speaker=speaker)
    assert best() == [takes[2].pk]
    label_set(sentence=sentence, style=warm, person=labeler, instead="replace")
    assert best() == [spoken_warmly.pk]
    label_undo(sentence=sentence, person=labeler)
    assert best() == [takes[2].pk]


def test_what_is_left_to_record_is_counted_as_it_is_listed(takes: list[Any]) -> None:
    speaker = takes[0].speaker
    warm: Any = [LabelFactory(style=StyleFactory(key="amable")).sentence for _ in range(3)]
    RecordingFactory(sentence=warm[0], style=StyleFactory(key="amable"), speaker=speaker)
    sentence_supersede(sentence=takes[0].sentence, text="Otro texto.", person=speaker.user)
    sentence_supersede(sentence=warm[1], text="Y otro más.", person=speaker.user)
    SentenceFactory()
    person = type(speaker.user).objects.get(pk=speaker.user.pk)
    assert to_record_by_style(person) == {"amable": 1}
    assert list(to_record(person)) == [warm[2]]


def recorded() -> list[str]:
    return list(Sentence.objects.order_by("pk").values_list("recorded", flat=True))


def test_a_sentence_says_whether_it_has_a_take_with_consent(takes: list[Any]) -> None:
    take, reviewer = takes[0], PersonFactory(roles=["reviewer"])
    assert recorded() == ["waiting"]
    take_judge(recording=take, person=reviewer, state="accepted")
    assert recorded() == ["accepted"]
    assert Sentence.objects.take_counts() == {"neutral": {"accepted": 1, "waiting": 0}}
    consent_withdraw(speaker=take.speaker, person=take.speaker.user)
    assert (recorded(), Sentence.objects.take_counts()) == ([""], {})
    RecordingFactory(sentence=take.sentence, style=take.style)
    assert recorded() == ["waiting"]
    consent_give(person=take.speaker.user, text="sí")
    assert recorded() == ["accepted"]
    label_set(
        sentence=take.sentence, style=StyleFactory(key="amable"), person=PersonFactory(),
        instead="replace",
    )  # fmt: skip
    assert recorded() == [""]


def test_an_older_database_is_ranked_as_the_services_rank(takes: list[Any]) -> None:
    take_judge(recording=takes[1], person=PersonFactory(roles=["reviewer"]), state="accepted")
    waiting: Any = RecordingFactory(style=takes[0].style)
    LabelFactory(sentence=waiting.sentence, style=waiting.style)
    LabelFactory(style=waiting.style)
    kept = best()
    Recording.objects.update(quality=None, is_best=False)
    Sentence.objects.update(recorded="")
    for name, function in (("0013_best_takes", "rank"), ("0015_recorded_sentences", "mark")):
        migration = import_module(f"corpus.migrations.{name}")
        upgrade = getattr(migration, function)
        upgrade(import_module("django.apps").apps, SimpleNamespace(connection=connection))
    assert best() == kept
    assert recorded() == ["accepted", "waiting", ""]
    out = StringIO()
    call_command("rank_takes", stdout=out)
    assert "Every value was right." in out.getvalue()
    Recording.objects.update(quality=0.1)
    call_command("rank_takes", stdout=out)
    assert "3 values were not right." in out.getvalue()
