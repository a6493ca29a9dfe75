"""Import of sentences through the browser: a preview that stores nothing, then all or nothing."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from corpus.lists import MAX_BYTES
from corpus.models import Sentence
from tests.corpus.web.conftest import signed_in
from tests.factories import CategoryFactory, SentenceFactory

pytestmark = pytest.mark.django_db

FIELDS = {"category": "call-center", "list_name": "lista_nueva", "scheme": "shcc"}


@pytest.fixture
def client(labeler, sentence):
    return signed_in(labeler)


def send(client: Any, file: bytes | None = None, name: str = "frases.txt", **more: str) -> Any:
    form: dict[str, Any] = FIELDS | more
    if file is not None:
        form["file"] = SimpleUploadedFile(name, file)
    return client.post(reverse("sentences_import"), form)


def confirmed(client: Any, preview: Any) -> Any:
    """Submit the preview's own form."""
    fields = preview.context["form"].cleaned_data
    return send(client, content=preview.context["content"], alike="on" if fields["alike"] else "",
                store="1")  # fmt: skip


def test_a_preview_stores_nothing_and_shows_what_would_be_stored(client, sentence):
    text = f"{sentence.text.upper()}\n¿Me oye bien?\n¿me oye   bien?\n¡Qué niño tan feliz!\n"
    page = send(client, text.encode())
    assert Sentence.objects.count() == 1
    rows = [(row.twin, name) for row, name in page.context["rows"]]
    assert rows == [("corpus", ""), ("", "shcc-02"), ("file", ""), ("", "shcc-03")]
    plan = page.context["plan"]
    assert plan.after.total > plan.before.total
    assert page.context["drawing"].startswith("<svg")
    assert 'class="coverage"' in page.content.decode()


def test_the_previewed_sentences_are_stored_with_their_phonemes(client, sentence):
    preview = send(client, "¿Me oye bien?\n«¡Qué niño!», dijo.\n".encode())
    assert confirmed(client, preview).url == reverse("label")
    first, second = Sentence.objects.exclude(pk=sentence.pk)
    assert (first.sentence_id, first.text, first.list) == (
        "shcc-02", "¿Me oye bien?", "lista_nueva",
    )  # fmt: skip
    assert second.text == "«¡Qué niño!», dijo."
    assert first.syllables == 4
    assert first.phonemes
    assert sentence.position < first.position < second.position
    again = send(client, "¿Me oye bien?".encode())
    assert again.context["plan"].new == []
    confirmed(client, again)
    assert Sentence.objects.count() == 3


def test_sentences_that_differ_in_accents_are_left_out_unless_wanted(client):
    SentenceFactory(sentence_id="x-1", text="Papá llega.")
    assert send(client, b"Papa llega.").context["plan"].new == []
    wanted = send(client, b"Papa llega.", alike="on")
    assert len(wanted.context["plan"].new) == 1
    confirmed(client, wanted)
    assert Sentence.objects.filter(text="Papa llega.").exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "texto;nota\n¿Me oye bien?;x\n".encode("cp1252")),
        ("a.json", '[{"text": "¿Me oye bien?"}]'.encode()),
    ],
)
def test_csv_and_json_are_imported_like_text(name, data, client):
    preview = send(client, data, name)
    assert preview.context["guessed"] == ("Windows-1252" if name == "a.csv" else "")
    confirmed(client, preview)
    assert Sentence.objects.filter(text="¿Me oye bien?", list="lista_nueva").exists()


def test_damaged_sentences_are_pointed_out_and_stored_repaired(client):
    preview = send(client, "texto\nBuenos dÃ\xadas.\n#N/A\n[Risas] Hola.\n".encode(), "a.csv")
    page = preview.content.decode()
    assert "2 frases llegaron dañadas" in page
    assert "Buenos días." in page
    assert "#N/A" in page
    confirmed(client, preview)
    stored = set(Sentence.objects.filter(list="lista_nueva").values_list("text", flat=True))
    assert stored == {"Buenos días.", "[Risas] Hola."}


@pytest.mark.parametrize("store", ["", "1"])
def test_any_fault_stops_the_whole_import(store, client):
    more = {"store": store} if store else {}
    answer = send(client, b"Una frase buena.\n...\n", **more)
    assert answer.status_code == 422
    [(line, text)] = answer.context["faults"]
    assert (line, Sentence.objects.count()) == (2, 1)
    assert text


def test_a_sentence_of_too_many_phonemes_is_refused(client):
    [(line, _text)] = send(client, ("1234567890" * 39).encode()).context["faults"]
    assert line == 1


def test_empty_oversized_and_existing_lists_are_reported_next_to_their_field(client):
    def errors(**more: Any) -> set[str]:
        answer = send(client, **more)
        assert answer.status_code == 422
        return set(answer.context["form"].errors)

    assert errors() == {"file"}
    assert errors(file=b"x" * (MAX_BYTES + 1)) == {"file"}
    assert errors(content="Hola.", scheme="con espacios") == {"scheme"}
    CategoryFactory(key="numbers", name="Números")
    taken = {"list_name": "lista_call_center", "category": "numbers"}
    assert errors(content="Hola.", **taken) == {"list_name"}


def test_pasted_sentences_work_and_markup_stays_text(client):
    page = send(client, content="<script>alert(1)</script> hola\n")
    assert "<script>alert" not in page.content.decode()
    assert len(page.context["plan"].new) == 1


def test_a_preview_of_thousands_shows_the_first_and_checks_all(
    client, django_assert_max_num_queries
):
    data = "\n".join(f"Esta es la frase número {n}." for n in range(2000)).encode()
    with django_assert_max_num_queries(12):
        page = send(client, data)
    assert (len(page.context["rows"]), page.context["more"]) == (200, 1800)
    assert len(page.context["plan"].new) == 2000
