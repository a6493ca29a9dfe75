"""Batches of takes: the preview stores nothing, good files are stored once, bad ones reported."""

import io
import json
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from corpus.models import Recording
from corpus.services.takes import batch_keep
from corpus.take_archives import BatchError
from corpus.views.batch import batch_words
from tests.corpus.web.conftest import files_in, signed_in, wav
from tests.factories import PersonFactory, SentenceFactory

pytestmark = pytest.mark.django_db

GOOD = "shcc-01_neutral.wav"


@pytest.fixture
def client(speaker, sentence, neutral, warm):
    return signed_in(speaker.user)


def packed(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as zip_:
        for name, content in files.items():
            zip_.writestr(name, content)
    return file.getvalue()


def sent(client: Any, content: bytes) -> Any:
    file = SimpleUploadedFile("takes.zip", content, content_type="application/zip")
    return client.post(reverse("take_batch_send"), {"zip": file})


def previewed(client: Any, files: dict[str, bytes]) -> str:
    return sent(client, packed(files)).url


def states(answer: Any) -> list[str]:
    return [row.state for row in answer.context["rows"]]


def entry(client: Any, url: str, index: int) -> Any:
    answer = client.post(url, {"entry": str(index)})
    return answer.context["row"]


def test_the_preview_describes_each_file_and_stores_no_take(client, media):
    files = {
        f"takes/{GOOD}": wav(),
        "takes/shcc-01_amable.wav": wav(190.0),
        "takes/shcc-77_amable.wav": wav(),
        "takes/notes.txt": b"hola",
        "__MACOSX/._x.wav": b"x",
    }
    url = previewed(client, files)
    page = client.get(url)
    assert states(page) == ["ready", "ready", "fault", "fault", "litter"]
    assert batch_words("sentence") in page.content.decode().replace("&#x27;", "'")
    assert Recording.objects.count() == 0
    assert [name.partition("/")[0] for name in files_in(media)] == ["batches"]


def test_files_are_stored_one_by_one_and_once(client, neutral):
    url = previewed(client, {GOOD: wav(), "shcc-01_neutral_2.wav": wav(180.0)})
    first = entry(client, url, 0)
    assert (first.state, first.take.take, first.take.style) == ("stored", 1, neutral)
    assert entry(client, url, 0).state == "same"
    assert entry(client, url, 1).take.take == 2
    assert Recording.objects.count() == 2
    again = previewed(client, {GOOD: wav()})
    assert entry(client, again, 0).state == "same"


def test_without_javascript_all_of_it_is_stored_in_one_request(client):
    url = previewed(client, {GOOD: wav(), "x.wav": wav(), "shcc-01_amable.wav": wav(190.0)})
    assert states(client.post(url)) == ["stored", "fault", "stored"]
    assert states(client.post(url)) == ["same", "fault", "same"]
    assert Recording.objects.count() == 2


def test_after_the_time_limit_the_page_continues_where_it_stopped(client, monkeypatch):
    monkeypatch.setattr("corpus.views.batch.AT_ONCE_S", -1.0)
    url = previewed(client, {GOOD: wav()})
    answer = client.post(url)
    assert answer.context["going_on"] == 0
    assert 'name="from" value="0"' in answer.content.decode()
    assert Recording.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"no archive", "not_zip"), (packed({}), "empty_zip"), (packed({GOOD: b"x"})[:-9], "not_zip")],
    ids=["other", "empty", "cut off"],  # an archive's bytes hold the time, which is no name
)
def test_a_file_that_is_not_an_archive_is_reported_and_not_kept(content, code, client, media):
    answer = sent(client, content)
    assert answer.status_code == 422
    assert answer.context["problem"] == batch_words(code)
    assert files_in(media) == []


def test_no_file_and_a_zip_over_the_limit_have_different_messages(client, settings):
    settings.MAX_BATCH_BYTES = 10_000
    assert sent(client, bytes(30_000)).context["problem"] == batch_words("zip_too_large")
    none = client.post(reverse("take_batch_send"))
    assert none.context["problem"] == batch_words("no_zip")


def test_a_new_zip_replaces_the_previous_one(client, media, speaker):
    old, new = (previewed(client, {GOOD: wav(f0)}) for f0 in (150.0, 160.0))
    assert len(files_in(media)) == 1
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    with pytest.raises(BatchError):
        batch_keep(person=speaker.user, file=io.BytesIO(b"none"))
    assert client.get(new).status_code == 200  # a refused one does not replace it


def test_a_zip_is_private_to_its_uploader(client):
    url = previewed(client, {GOOD: wav()})
    other = signed_in(PersonFactory(roles=["speaker"]))
    other.post(reverse("consent"), {"agree": "on"})
    assert other.get(url).status_code == 404
    assert client.post(url, {"entry": "7"}).status_code == 404
    for sense in ({"entry": "-1"}, {"entry": "x"}, {"from": "²"}, {"from": "9" * 40}):
        assert client.post(url, sense).status_code == 404


def names(client: Any, body: Any) -> Any:
    return client.post(
        reverse("take_batch_names"),
        body if isinstance(body, str) else json.dumps(body),
        content_type="application/json",
        headers={"X-Requested-With": "fetch"},
    )


def test_a_folder_is_previewed_by_its_names_and_sent_file_by_file(client):
    folder = [[f"takes/{GOOD}", len(wav())], ["takes/hola.wav", 5], ["takes/.hidden", 1]]
    page = names(client, folder)
    assert states(page) == ["ready", "fault", "litter"]
    assert "<html" not in page.content.decode()

    def send(name: str, content: bytes) -> Any:
        form = {"name": name, "index": "3", "file": SimpleUploadedFile("x", content)}
        return client.post(reverse("take_batch_file"), form).context["row"]

    stored = send(f"takes/{GOOD}", wav())
    assert (stored.state, stored.index) == ("stored", 3)
    assert send(f"takes/{GOOD}", wav()).state == "same"
    assert send("takes/hola.wav", wav()).state == "fault"
    assert send("takes/shcc-01_amable.wav", b"").state == "fault"
    assert send("takes/shcc-01_amable.wav", b"no sound").state == "fault"
    assert Recording.objects.count() == 1


@pytest.mark.parametrize("body", ["", "{", "[1]", '[["a"]]', '[["a", "b"]]', "null"])
def test_an_invalid_preview_is_refused(body, client):
    assert names(client, body).status_code == 400


def test_an_empty_or_too_large_folder_is_reported(client):
    assert names(client, []).context["problem"] == batch_words("empty_folder")
    many = names(client, [[f"{n}.wav", 1] for n in range(5001)])
    assert many.context["problem"] == batch_words("too_many")


def test_the_preview_of_many_files_makes_few_queries(client, django_assert_max_num_queries):
    files = {f"{SentenceFactory().sentence_id}_neutral.wav": b"x" for _ in range(60)}
    url = previewed(client, files)
    with django_assert_max_num_queries(14):
        assert states(client.get(url)) == ["ready"] * 60


def test_without_consent_no_batch_is_accepted(client, speaker, media):
    speaker.withdrawn_at = timezone.now()
    speaker.save()
    assert sent(client, packed({GOOD: wav()})).url.startswith(reverse("consent"))
    assert client.get(reverse("take_batch")).url.startswith(reverse("consent"))
    assert files_in(media) == []
