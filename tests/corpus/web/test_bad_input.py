"""Every bad audio file by every upload path, every bad archive: messages in the user's language."""

from __future__ import annotations

import hashlib
import html
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from corpus.audio.types import AudioError
from corpus.forms import TakeForm
from corpus.models import Recording
from corpus.views.batch import batch_words
from corpus.wording import REFUSALS, refusal
from tests.corpus.web.bad import ARCHIVES, GOOD, LARGEST, SOUNDS, TRIED, packed
from tests.corpus.web.conftest import files_in, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(speaker: Any, sentence: Any, neutral: Any, warm: Any, settings: Any) -> Any:
    settings.MAX_UPLOAD_BYTES = LARGEST
    return signed_in(speaker.user)


def from_studio(client: Any, speaker: Any, data: bytes, language: str) -> str:
    form = {
        "uuid": str(uuid4()), "sentence": "shcc-01", "style": "amable", "speaker": speaker.pk,
        "sha256": hashlib.sha256(data).hexdigest(), "file": SimpleUploadedFile("x.wav", data),
    }  # fmt: skip
    answer = client.post(reverse("studio_store"), form, headers={"Accept-Language": language})
    assert answer.status_code == 422
    return str(answer.json()["refused"])


def from_upload(client: Any, speaker: Any, data: bytes, language: str) -> str:
    form = {"sentence": "shcc-01", "style": "amable", "file": SimpleUploadedFile("x.wav", data)}
    answer = client.post(reverse("take_upload"), form, headers={"Accept-Language": language})
    assert answer.status_code == 422
    return html.unescape(answer.content.decode())


def from_folder(client: Any, speaker: Any, data: bytes, language: str) -> str:
    form = {"name": TRIED, "index": "0", "file": SimpleUploadedFile("x.wav", data)}
    answer = client.post(reverse("take_batch_file"), form, headers={"Accept-Language": language})
    assert answer.context["row"].state == "fault"
    return html.unescape(answer.content.decode())


def from_zip(client: Any, speaker: Any, data: bytes, language: str) -> str:
    return first_message(client, packed((TRIED, data)), language)


def first_message(client: Any, archive: bytes, language: str) -> str:
    """Send a ZIP, open its preview, store all of it; return the message for the first file."""
    form = {"zip": SimpleUploadedFile("x.zip", archive)}
    url = client.post(reverse("take_batch_send"), form).url
    headers = {"Accept-Language": language}
    preview = client.get(url, headers=headers)
    rows = preview.context["rows"]
    assert rows[-1].item.name == GOOD
    answers = [client.post(url, {"entry": str(n)}, headers=headers) for n in range(len(rows))]
    assert [answer.context["row"].state for answer in answers].count("fault") == 1
    assert answers[-1].context["row"].state == "stored"
    fault = next(answer for answer in answers if answer.context["row"].state == "fault")
    return html.unescape(fault.content.decode())


DOORS = {"studio": from_studio, "upload": from_upload, "folder": from_folder, "zip": from_zip}


def words(code: str, door: str, language: str) -> str:
    """Return the expected message; limits have a different message for each upload path."""
    with translation.override(language):
        if door in ("folder", "zip") and code in ("empty", "too_large"):
            return batch_words(code)
        if code == "too_large":
            return TakeForm.too_large_message()
        if code == "empty":
            return str(TakeForm.base_fields["file"].error_messages["empty"])
        return refusal(AudioError(code, ""))


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", SOUNDS)
def test_bad_audio_is_refused_at_every_upload_in_the_speakers_language(
    name: str, door: str, language: str, client: Any, speaker: Any, media: Path
) -> None:
    code, make = SOUNDS[name]
    data = make()
    message = DOORS[door](client, speaker, data, language)
    wanted = words(code, door, language)
    if name == "a header without sound":  # not empty as a file, so the decoder reports it
        with translation.override(language):
            wanted = str(REFUSALS["empty"])
    assert wanted in message
    assert wanted != words(code, door, "es" if language == "en" else "en")
    assert not Recording.objects.filter(style__key="amable").exists()
    of_takes = Recording.objects.values_list("wav", "original")  # of the good one of the ZIP
    left = {name for name in files_in(media) if not name.startswith("batches/")}
    assert left == {name for names in of_takes for name in names}


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("name", ARCHIVES)
def test_a_bad_file_of_an_archive_is_reported_and_the_good_one_stored(
    name: str, language: str, client: Any, media: Path, tmp_path: Path
) -> None:
    codes, make = ARCHIVES[name]
    message = first_message(client, make(), language)
    with translation.override(language):
        wanted = [
            refusal(AudioError(code, "")) if code in REFUSALS and code != "too_large"
            else batch_words(code)
            for code in codes
        ]  # fmt: skip
    assert any(one in message for one in wanted), message
    assert {p.name for p in tmp_path.iterdir()} == {media.name}
    kept = [name for name in files_in(media) if not name.startswith("batches/")]
    assert len(kept) == 2 * Recording.objects.count()
