"""A recorded text is replaced, not changed, on every way in; texts are found without accents."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from corpus.models import ConsentChange, Recording, Sentence, Speaker
from corpus.phonetics import syllables
from corpus.services.sentences import SentenceConflict, sentence_restore, sentence_supersede
from corpus.services.speakers import consent_withdraw
from tests.corpus.web.conftest import signed_in
from tests.factories import (
    LabelFactory,
    PersonFactory,
    RecordingFactory,
    SentenceFactory,
    SpeakerFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded() -> Any:
    sentence: Any = SentenceFactory(sentence_id="shcc-01", text="Buenos dias.")
    LabelFactory(sentence=sentence)
    RecordingFactory(sentence=sentence)
    return sentence


@pytest.fixture
def admin() -> Any:
    return PersonFactory(username="admin", roles=["admin"], is_staff=True, is_superuser=True)


def stored(sentence: Any) -> str:
    return Sentence.objects.get(pk=sentence.pk).text


def test_neither_shell_nor_queries_change_a_recorded_text(recorded: Any) -> None:
    recorded.text = "Buenos días."
    for change in (recorded.full_clean, recorded.save):
        with pytest.raises(ValidationError, match="was recorded"):
            change()
    with pytest.raises(ValidationError):
        recorded.save(update_fields=["text"])
    for query in (
        lambda: Sentence.objects.update(text="x"),
        lambda: Sentence.objects.bulk_update([recorded], ["text"]),
        lambda: Sentence.objects.update_or_create(pk=recorded.pk, defaults={"text": "x"}),
    ):
        with pytest.raises((TypeError, ValidationError)), transaction.atomic():
            query()
    assert stored(recorded) == "Buenos dias."
    Sentence.objects.defer("text").get(pk=recorded.pk).save()


def test_a_text_without_takes_is_changed_and_counted_again(sentence: Any) -> None:
    sentence.text = "Hasta man\u0303ana, señor Nu\u0301ñez."
    sentence.save(update_fields=["text"])
    sentence.refresh_from_db()
    assert sentence.text == "Hasta mañana, señor Núñez."
    assert sentence.syllables == syllables(sentence.text)
    assert sentence.searchable == "hasta manana, senor nunez."


def test_the_administration_freezes_a_recorded_text_and_leads_to_its_replacement(
    recorded: Any, admin: Any
) -> None:
    address = reverse("admin:corpus_sentence_change", args=[recorded.pk])
    page = signed_in(admin).get(address)
    assert 'name="text"' not in page.content.decode()
    assert reverse("sentence_correct", args=["shcc-01"]) in page.content.decode()
    form = page.context["adminform"].form.initial | {
        "text": "Otro.",
        "category": recorded.category_id,
    }
    signed_in(admin).post(address, {k: v for k, v in form.items() if v is not None})
    assert stored(recorded) == "Buenos dias."


@pytest.mark.parametrize("role", ["labeler", "reviewer"])
def test_a_correction_archives_the_sentence_with_its_takes(role: str, recorded: Any) -> None:
    person = PersonFactory(roles=[role])
    address = reverse("sentence_correct", args=["shcc-01"])
    signed_in(person).post(address, {"text": "  Buenos di\u0301as. "})
    new = Sentence.objects.get(sentence_id="shcc-01-r2")
    recorded.refresh_from_db()
    assert (new.text, new.list, new.position) == ("Buenos días.", recorded.list, recorded.position)
    assert (recorded.text, recorded.superseded_by, recorded.archived_by) == (
        "Buenos dias.", new, person,
    )  # fmt: skip
    assert Recording.objects.get().sentence == recorded
    rows = signed_in(person).get(reverse("label")).context["rows"]
    assert [row["sentence"].sentence_id for row in rows] == ["shcc-01-r2"]
    rows = signed_in(person).get(reverse("label"), {"state": "archived"}).context["rows"]
    assert [row["sentence"].sentence_id for row in rows] == ["shcc-01"]
    assert Sentence.objects.label_counts() == {None: 1}
    page = signed_in(person).get(address)
    assert "shcc-01-r2" in page.content.decode()
    signed_in(person).post(address, {"restore": "1"})
    assert Sentence.objects.current().get() == recorded


@pytest.mark.parametrize("text", ["", "...", "Buenos dias.", "Otra frase.", "1234567890" * 39])
def test_a_correction_that_is_no_new_sentence_is_refused(text: str, recorded: Any) -> None:
    SentenceFactory(text="Otra frase.")
    client = signed_in(PersonFactory(roles=["labeler"]))
    answer = client.post(reverse("sentence_correct", args=["shcc-01"]), {"text": text})
    assert answer.status_code == 422
    assert answer.context["form"].errors["text"]
    assert Sentence.objects.current().count() == 2


def test_a_replacement_somebody_worked_on_stays(recorded: Any) -> None:
    person = PersonFactory()
    new = sentence_supersede(sentence=recorded, text="Buenos días.", person=person)
    with pytest.raises(SentenceConflict, match="replaced this one already"):
        sentence_supersede(sentence=recorded, text="Otro.", person=person)
    LabelFactory(sentence=new)
    with pytest.raises(SentenceConflict, match="both sentences stay"):
        sentence_restore(sentence=recorded)
    newest = sentence_supersede(sentence=new, text="Muy buenos días.", person=person)
    assert newest.sentence_id == "shcc-01-r3"


@pytest.mark.parametrize("typed", ["Núñez", "Nu\u0301n\u0303ez", "nunez", "NUÑEZ", "shcc-77"])
def test_the_search_finds_nunez_in_either_form_and_without_accents(
    typed: str, labeler: Any, reviewer: Any, admin: Any
) -> None:
    sentence: Any = SentenceFactory(
        sentence_id="shcc-77", text="La señora Nu\u0301n\u0303ez espera."
    )
    SentenceFactory(text="Nadie espera.")
    take = RecordingFactory(sentence=sentence)
    rows = signed_in(labeler).get(reverse("label"), {"q": typed}).context["rows"]
    assert [row["sentence"].sentence_id for row in rows] == ["shcc-77"]
    takes = signed_in(reviewer).get(reverse("takes"), {"q": typed}).context["page"]
    assert list(takes) == [take]
    listed = signed_in(admin).get(reverse("admin:corpus_sentence_changelist"), {"q": typed})
    assert [row.sentence_id for row in listed.context["cl"].result_list] == ["shcc-77"]


def test_a_withdrawal_is_an_action_with_a_date_and_not_a_field(admin: Any) -> None:
    speaker: Any = SpeakerFactory()
    other: Any = SpeakerFactory(consented_at=None)
    page = signed_in(admin).get(reverse("admin:corpus_speaker_change", args=[speaker.pk]))
    assert "withdrawn_at" not in page.context["adminform"].form.fields
    address = reverse("admin:corpus_speaker_changelist")
    asked = {"action": "withdraw", "_selected_action": [speaker.pk, other.pk]}
    assert speaker.name in signed_in(admin).post(address, asked).content.decode()
    assert not ConsentChange.objects.exists()
    signed_in(admin).post(address, asked | {"confirmed": "1"})
    change = ConsentChange.objects.get()
    speaker.refresh_from_db()
    assert (change.kind, change.person, change.created_at) == (
        "withdrawn", admin, speaker.withdrawn_at,
    )  # fmt: skip
    assert not consent_withdraw(speaker=speaker, person=admin)
    assert Speaker.objects.get(pk=speaker.pk).withdrawn_at == change.created_at


@pytest.mark.django_db(transaction=True)
def test_a_database_of_before_is_composed_and_keeps_its_consents() -> None:
    before = [("corpus", "0008_recount_syllables")]
    executor = MigrationExecutor(connection)
    executor.migrate(before)
    old = executor.loader.project_state(before).apps
    category = old.get_model("corpus", "Category").objects.create(key="c", name="c", reason="r")
    rows = old.get_model("corpus", "Sentence").objects
    for n, text in enumerate(["Nu\u0301n\u0303ez.", "Adio\u0301s.", "Adiós."]):
        rows.create(sentence_id=f"s-{n}", text=text, category=category, list="l")
    at = "2026-11-01T10:00Z"
    speakers = old.get_model("corpus", "Speaker").objects
    speakers.create(name="Ana", consent_text="Sí.", consented_at=at, withdrawn_at=at)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert list(Sentence.objects.order_by("sentence_id").values_list("text", "searchable")) == [
        ("Núñez.", "nunez."), ("Adio\u0301s.", "adios."), ("Adiós.", "adios."),
    ]  # fmt: skip
    kinds = ConsentChange.objects.order_by("pk").values_list("kind", "text")
    assert list(kinds) == [("given", "Sí."), ("withdrawn", "")]
