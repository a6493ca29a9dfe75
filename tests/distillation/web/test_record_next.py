"""Which takes would help most next: the cells, their order and reasons, the way to the studio."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from corpus.loading import sentence_sounds
from corpus.models import Recording, Sentence, Speaker, StyleLabel
from corpus.phonetics import syllables
from distillation.models import TakeUse, ValidationReport
from distillation.services.recording_needs import SOUNDS, recording_needs
from tests.distillation.factories import finished_run
from tests.factories import (
    LabelFactory,
    PersonFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
    StyleFactory,
)
from tests.web.words import text_of
from voicelab.roles import LABELER, REVIEWER, SPEAKER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]

SHORT, SHORT_TOO = "El niño pequeño soñaba.", "Mañana toca otra cosa."
LONG = "Le atendemos de lunes a viernes desde las nueve hasta las seis de la tarde, sin citas."


def english(client: Client) -> str:
    answer = client.get(reverse("record_next"), headers={"accept-language": "en"})
    return text_of(answer.content.decode())


def labelled(text: str, style: Any) -> Any:
    sentence: Any = SentenceFactory(text=text, **sentence_sounds(text))
    LabelFactory(sentence=sentence, style=style, person=PersonFactory(roles=[LABELER]))
    return Sentence.objects.get(pk=sentence.pk)


@pytest.fixture
def speaker() -> Any:
    cache.clear()  # row numbers begin again in each test
    neutral = StyleFactory(key="neutral", name="Neutral", position=0)
    amable = StyleFactory(key="amable", name="Amable", position=1)
    for style in (neutral, amable):
        for text in (SHORT, SHORT_TOO, LONG):
            labelled(text if style is neutral else f"{text[:-1]}, ya.", style)
    return SpeakerFactory(user=PersonFactory(roles=[SPEAKER]))


def record(speaker: Any, state: str = "accepted", **found: Any) -> None:
    for sentence in Sentence.objects.filter(**found):
        RecordingFactory(sentence=sentence, style=sentence.label, speaker=speaker, state=state)


def validated(speaker: Any, by_sentence: dict[str, dict[str, float]]) -> None:
    """Store a report on a speaker's takes, with these similarities of held-out sentences."""
    run = finished_run(*by_sentence)
    for key, values in by_sentence.items():
        style = run.report.data["styles"][key]
        style["audio"] = [{"text": text} for text in values]
        style["similarity"] = {"by_sentence": list(values.values())}
    ValidationReport.objects.filter(run=run).update(data=run.report.data)
    take: Any = Recording.objects.filter(speaker=speaker).first()
    take = take or RecordingFactory(speaker=speaker, state="accepted")
    style_run: Any = run.style_runs.first()
    TakeUse.objects.create(style_run=style_run, recording=take, role="take")


def cells(speaker: Speaker | None) -> dict[tuple[str, int, str], Any]:
    rows = recording_needs(speaker).rows
    return {(cell.style.key, cell.band, cell.letters): cell for row in rows for cell in row}


def test_a_cell_counts_sentences_with_a_take_of_the_speaker(speaker: Any) -> None:
    record(speaker, text=SHORT)
    record(SpeakerFactory(), text=SHORT_TOO)
    record(speaker, "rejected", text=LONG)
    mine = cells(speaker)
    of_all = cells(None)
    assert (mine["neutral", 0, ""].takes, of_all["neutral", 0, ""].takes) == (1, 2)
    assert mine["neutral", 0, "ñ"].sentences == 2
    assert mine["neutral", 2, ""].state == "empty"
    assert mine["neutral", 2, "ñ"].state == "nothing"
    assert len(mine) == 2 * 3 * (1 + len(SOUNDS))


def test_what_has_no_take_comes_before_what_has_few_and_the_weakest_first(speaker: Any) -> None:
    record(speaker, text__in=[SHORT, SHORT_TOO, LONG])
    validated(
        speaker,
        {"amable": {SHORT: 0.86, LONG: 0.70, "Otra frase de las cortas.": 0.86},
         "neutral": {SHORT: 0.85, LONG: 0.85}}
    )  # fmt: skip
    needs = recording_needs(speaker)
    first, *others = needs.suggestions
    assert (first.cell.style.key, first.cell.band) == ("amable", 2)
    assert first.cell.is_weak
    assert {one.cell.style.key for one in others} == {"amable"}
    ids = [sentence.pk for one in needs.suggestions for sentence in one.sentences]
    assert len(ids) == len(set(ids)) == 3
    record(speaker, label__key="amable")
    assert recording_needs(speaker).suggestions == []


def test_a_weak_cell_with_takes_is_suggested_while_sentences_are_left(speaker: Any) -> None:
    neutral = StyleLabel.objects.get(key="neutral")
    more = [labelled(f"{LONG[:-1]}, número {word}.", neutral) for word in ("uno", "dos", "tres")]
    assert syllables(more[0].text) > 19
    record(speaker)
    Recording.objects.filter(sentence=more[0]).delete()
    assert recording_needs(speaker).suggestions == []
    validated(speaker, {"neutral": {SHORT: 0.85, SHORT_TOO: 0.87, LONG: 0.75}})
    [one] = recording_needs(speaker).suggestions
    assert (one.cell.state, one.sentences) == ("weak", [more[0]])


def test_the_run_is_the_last_one_of_the_speakers_own_takes(speaker: Any) -> None:
    validated(speaker, {"neutral": {SHORT: 0.85, LONG: 0.75}})
    validated(SpeakerFactory(), {"neutral": {SHORT: 0.6, LONG: 0.9}})
    assert cells(speaker)["neutral", 2, ""].score == 0.75
    assert cells(None)["neutral", 2, ""].score == 0.9


def test_reports_without_similarity_by_sentence_leave_the_takes(speaker: Any) -> None:
    finished_run("neutral", "amable")
    assert all(cell.score is None for cell in cells(speaker).values())
    assert not recording_needs(None).has_scores
    assert recording_needs(speaker).run is None


def test_the_button_opens_the_studio_on_exactly_these_sentences(
    client: Client, speaker: Any
) -> None:
    client.force_login(speaker.user)
    answer = client.get(reverse("record_next"))
    one, *_ = answer.context["needs"].suggestions
    studio = f"{reverse('studio')}?sentences={one.ids}"
    assert studio in answer.content.decode()
    prompts = client.get(studio).context["prompts"]
    assert [sentence for sentence, _ in prompts] == one.sentences
    assert {style.key for _, style in prompts} == {one.cell.style.key}


def test_the_reasons_are_told_in_plain_words(client: Client, speaker: Any) -> None:
    validated(speaker, {"neutral": {SHORT: 0.85, LONG: 0.75}})
    client.force_login(speaker.user)
    page = english(client)
    assert "There is no take of a long sentence yet." in page
    assert "similarity 0.75, on average 0.80" in page


def test_reviewers_choose_whose_takes_count_and_have_no_button(
    client: Client, speaker: Any
) -> None:
    record(speaker, text=SHORT)
    client.force_login(PersonFactory(roles=[REVIEWER]))
    for asked, found in (("", None), (str(speaker.pk), speaker), ("all", None), ("x", None)):
        answer = client.get(reverse("record_next"), {"speaker": asked})
        assert answer.context["speaker"] == found
        assert reverse("studio") + "?sentences" not in answer.content.decode()


def test_without_labels_or_gaps_the_page_says_so(client: Client, speaker: Any) -> None:
    client.force_login(speaker.user)
    record(speaker)
    assert "Nothing is missing" in english(client)
    Recording.objects.all().delete()
    Sentence.objects.update(label=None)
    cache.clear()
    assert "No sentence is labelled yet" in english(client)


def test_a_speaker_without_consent_is_asked_for_it_first(client: Client) -> None:
    client.force_login(PersonFactory(roles=[SPEAKER]))
    answer: Any = client.get(reverse("record_next"))
    assert answer.url.startswith(reverse("consent"))


def test_the_number_of_queries_does_not_grow_with_the_corpus(
    client: Client, speaker: Any, django_assert_max_num_queries: Any
) -> None:
    client.force_login(speaker.user)
    neutral = StyleLabel.objects.get(key="neutral")
    for number in range(30):
        labelled(f"{SHORT} Y la número {number}.", neutral)
    with django_assert_max_num_queries(30):
        client.get(reverse("record_next"))
